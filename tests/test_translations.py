"""The template is what the code says, and the Chinese is all of it."""

import re
from pathlib import Path

import polib

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import TranslationModuleReader

import odoo.addons.crm_extension

from .common import TAGS, ApprovalCommon

MODULE = "crm_extension"
I18N = Path(odoo.addons.crm_extension.__file__).parent / "i18n"
PLACEHOLDER = re.compile(r"%\(\w+\)[sdgif]|%%|<[^>]*>")
ATTRIBUTE_TEXT = re.compile(r'(title|alt|placeholder|aria-label)="[^"]*"')


def read_catalogue(name):
    return polib.pofile(str(I18N / name))


def placeholders(text):
    """What a translation must repeat; the words of an attribute may differ."""
    return {ATTRIBUTE_TEXT.sub(r"\1", part) for part in PLACEHOLDER.findall(text)}


@tagged(*TAGS)
class TestCatalogues(TransactionCase):
    """The files, held against each other and against the code."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = read_catalogue(f"{MODULE}.pot")
        cls.chinese = read_catalogue("zh_CN.po")

    def test_every_text_is_translated(self):
        self.assertFalse(
            [entry.msgid for entry in self.chinese if not entry.msgstr.strip()]
        )
        self.assertFalse([entry.msgid for entry in self.chinese.fuzzy_entries()])
        self.assertFalse([entry.msgid for entry in self.chinese.obsolete_entries()])

    def test_the_chinese_has_the_entries_of_the_template(self):
        self.assertEqual(
            {entry.msgid for entry in self.chinese},
            {entry.msgid for entry in self.template},
        )
        places = {entry.msgid: set(entry.occurrences) for entry in self.template}
        for entry in self.chinese:
            # A record is translated only where its place is named.
            self.assertEqual(set(entry.occurrences), places[entry.msgid], entry.msgid)

    def test_placeholders_and_tags_agree(self):
        wrong = [
            entry.msgid
            for entry in self.chinese
            if placeholders(entry.msgstr) != placeholders(entry.msgid)
        ]
        self.assertFalse(wrong)

    def test_chinese_has_chinese_punctuation(self):
        wrong = re.compile(r"[一-鿿][,.;:?!()](?!\d)|[,;?!][一-鿿]")
        self.assertFalse(
            [entry.msgstr for entry in self.chinese if wrong.search(entry.msgstr)]
        )

    def test_the_template_is_what_the_exporter_writes(self):
        """Renew it with ``odoo i18n export`` from a database with demo data."""
        reader = TranslationModuleReader(self.env.cr, modules=[MODULE])
        exported = {
            # As the file writer names a place: without the line of the code.
            (source, ttype, name, "0" if ttype == "code" else str(place))
            for _module, ttype, name, place, source, _value, _comments in reader
        }
        kept = {
            (entry.msgid, *self._parse_place(place))
            for entry in self.template
            for place in entry.occurrences
        }
        self.assertFalse(exported - kept, "the template lacks texts")
        stale = {place for place in kept - exported if self._is_installed(place)}
        self.assertFalse(stale, "the template has texts that nothing shows")

    @staticmethod
    def _parse_place(occurrence):
        """A place in the words of the exporter: its kind, name and record.

        polib takes the number after the last colon for a line.
        """
        text = ":".join(part for part in occurrence if part)
        ttype, rest = text.split(":", 1)
        name, _, place = rest.rpartition(":")
        return ttype, name, place

    def _is_installed(self, place):
        """Demo records are in the template, and perhaps not in this database."""
        _source, ttype, name, xmlid = place
        if ttype == "code":
            return True
        return bool(self.env.ref(xmlid, raise_if_not_found=False))


@tagged(*TAGS)
class TestChinese(ApprovalCommon, TransactionCase):
    """What a Chinese user meets."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.env["ir.module.module"].search(
            [("name", "=", MODULE)]
        )._update_translations(["zh_CN"], overwrite=True)

    def test_a_held_order_says_so_in_chinese(self):
        order = self.make_order(0, 25).with_context(lang="zh_CN")
        with self.assertRaisesRegex(UserError, "Chair.*25%.*免审批上限 10%.*申请审批"):
            order.action_confirm()
        self.assertEqual(
            order.order_line[1].crm_discount_badge["note"], "须由Finance Officer批准"
        )

    def test_beyond_the_floor_the_refusal_is_chinese(self):
        order = self.make_order(0, 45).with_context(lang="zh_CN")
        with self.assertRaisesRegex(UserError, "公司最低折扣.*40%.*无权批准"):
            order.action_confirm()

    def test_the_screens_are_chinese(self):
        chinese = self.env["crm.approval.item"].with_context(lang="zh_CN")
        form = chinese.get_view(view_type="form")["arch"]
        for label in ("批准", "驳回", "您的审批意见"):
            self.assertIn(label, form)
        labels = chinese.fields_get(["step_id", "state"])
        self.assertEqual(labels["step_id"]["string"], "审批点")
        self.assertIn(("open", "待审批"), labels["state"]["selection"])
        menu = self.env.ref("crm_extension.crm_approval_item_menu")
        self.assertEqual(menu.with_context(lang="zh_CN").name, "待我审批")

    def test_what_the_approver_reads_is_in_the_approver_s_language(self):
        order = self.make_order(0, 25)
        order.action_approval_request()
        item = self.items_of(self.manager)
        for lang, label in (("zh_CN", "客户"), ("en_US", "Customer")):
            cards = item.with_context(lang=lang).figures["cards"]
            self.assertEqual(cards[0]["label"], label)
        for lang, label in (("zh_CN", "申请"), ("en_US", "Asked")):
            progress = order.with_context(lang=lang).crm_progress
            self.assertEqual(progress[0]["label"], label)

    def test_a_forbidden_write_names_the_records_in_chinese(self):
        self.make_order(0, 25).action_approval_request()
        item = self.items_of(self.manager).with_context(lang="zh_CN")
        with self.assertRaisesRegex(AccessError, "“待审批事项”由审批系统维护"):
            item.state = "approved"
