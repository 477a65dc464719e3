"""Rules in one sentence each, the bounds beside them, and whose rules they are."""

from models.intensity.words.catalogue import Words

_EVERYWHERE: dict[str, Words] = {
    "deceased": Words("The debtor has died: no contact.", "债务人已去世：不得联系。"),
    "bankruptcy": Words("The debtor is bankrupt: no contact.", "债务人已破产：不得联系。"),
    "cease_contact": Words(
        "The debtor has asked for contact to stop: no contact.",
        "债务人要求停止联系：不得联系。",
    ),
    "dispute": Words(
        "The debt is disputed: no contact until a person has handled the dispute.",
        "债务存在争议：在人工处理完毕之前不得联系。",
    ),
    "represented": Words(
        "The debtor is represented: no contact until a person has handled it.",
        "债务人已委托代理人：在人工处理完毕之前不得联系。",
    ),
    "complaint": Words(
        "A complaint is open: no contact until a person has handled it.",
        "投诉尚未办结：在人工处理完毕之前不得联系。",
    ),
    "hardship": Words(
        "The customer is in hardship: at most a reminder, with a hardship review.",
        "客户处于困难之中：最多提醒，并进行困难审核。",
    ),
    "vulnerable": Words(
        "The customer is vulnerable: at most a reminder, with a hardship review.",
        "客户属于弱势群体：最多提醒，并进行困难审核。",
    ),
    "promise_not_due": Words(
        "A promise to pay is not yet due: at most a reminder.",
        "还款承诺尚未到期：最多提醒。",
    ),
    "plan_kept": Words(
        "A repayment plan is being kept: at most a reminder.",
        "客户正在履行还款计划：最多提醒。",
    ),
    "payment_in_transit": Words(
        "A payment that covers the past due amount is in transit: at most a reminder.",
        "足以清偿逾期金额的还款正在途中：最多提醒。",
    ),
    "visit_appointment": Words(
        "No appointment for a visit has been agreed: no visit.",
        "尚未约定上门时间：不得上门。",
    ),
    "unreachable": Words(
        "Many calls have reached nobody: no more calls until the customer is reached.",
        "多次拨打均未联系到客户：在联系到客户之前不再拨打电话。",
    ),
}

_JURISDICTIONS: dict[str, Words] = {
    "us.reg_f.calls": Words(
        "At most 7 calls within 7 days on one debt.", "同一债务 7 日内拨打电话不超过 7 次。"
    ),
    "us.reg_f.interval": Words(
        "No further call within 7 days of a conversation about the debt, its day included.",
        "就该债务通话后 7 日内（含当日）不得再次拨打电话。",
    ),
    "us.reg_f.hours": Words(
        "No contact before 8:00 or after 21:00 at the debtor's place.",
        "债务人所在地时间 8:00 之前、21:00 之后不得联系。",
    ),
    "us_ny_nyc.dcwp.contacts": Words(
        "At most 3 contacts or attempts within 7 days on one account, by all channels together.",
        "同一账户 7 日内联系或尝试联系（各渠道合计）不超过 3 次。",
    ),
    "us_ma.cmr.calls_and_texts": Words(
        "At most 2 calls or text messages within 7 days on one debt, at home.",
        "同一债务 7 日内对住所的电话或短信不超过 2 次。",
    ),
    "us_ma.cmr.elsewhere": Words(
        "At most 2 calls or text messages within 30 days on one debt, at work or elsewhere.",
        "同一债务 30 日内对工作地点或其他地点的电话或短信不超过 2 次。",
    ),
    "us_ma.cmr.visits": Words(
        "At most 1 visit within 30 days on one debt.", "同一债务 30 日内上门不超过 1 次。"
    ),
    "cn.gbt_45251.effective_calls": Words(
        "At most 3 calls a day in which one debtor is spoken to.",
        "对同一债务人每日有效通话不超过 3 次。",
    ),
    "cn.cba.unanswered_dials": Words(
        "At most 6 unanswered calls a day to one number.", "对同一号码每日未接通的拨打不超过 6 次。"
    ),
    "cn.gbt_45251.hours": Words(
        "No contact from 22:00 to 8:00 at the debtor's place, by the national standard.",
        "国家推荐标准：债务人所在地时间 22:00 至次日 8:00 不得联系。",
    ),
    "cn.cba.hours": Words(
        "No contact from 22:00 to 8:00 at the debtor's place, by the banks' guideline.",
        "银行业协会指引：债务人所在地时间 22:00 至次日 8:00 不得联系。",
    ),
    "gb.own.hours": Words(
        "No contact before 8:00 or after 21:00 at the debtor's place: our own hours.",
        "债务人所在地时间 8:00 之前、21:00 之后不得联系（本系统自定）。",
    ),
    "in.rbi.hours": Words(
        "No contact before 8:00 or after 19:00 at the debtor's place.",
        "债务人所在地时间 8:00 之前、19:00 之后不得联系。",
    ),
}

# Sentences alone: what those who make contact owe besides, which takes no level away.
DUTIES: dict[str, Words] = {
    "us.reg_f.opt_out": Words(
        "Opting out of text messages and email is honoured.",
        "尊重债务人退订短信与电子邮件的要求。",
    ),
    "us.reg_f.records": Words(
        "Records are kept until 3 years after the last collection activity.",
        "记录保存至最后一次催收活动后 3 年。",
    ),
    "cn.gbt_45251.debtor_only": Words(
        "Contact is made with the debtor only.", "仅与债务人本人联系。"
    ),
    "cn.card_measures.persons": Words(
        "Contact is made with the debtor and the guarantor only.",
        "仅与债务人及其担保人联系。",
    ),
    "cn.card_measures.records": Words(
        "Records of contact are kept for at least 2 years.", "联系记录至少保存 2 年。"
    ),
    "gb.conc_7.times": Words(
        "No contact is made at unreasonable times; no hour is named.",
        "不在不合理的时间联系；未规定具体时刻。",
    ),
    "gb.conc_7.requests": Words(
        "Reasonable requests about when and how to be contacted are honoured.",
        "尊重债务人关于联系时间与方式的合理要求。",
    ),
    "gb.conc_7.vulnerable": Words(
        "There are policies for customers in default and for vulnerable ones.",
        "对违约客户与弱势客户有专门的政策。",
    ),
}

# What takes a level away and is no rule of contact.
_BOUNDS: dict[str, Words] = {
    "stage_lowest": Words(
        "The level is below the lowest of the stage.", "低于该逾期阶段的最低级别。"
    ),
    "stage_highest": Words(
        "The level is above the highest of the stage.", "高于该逾期阶段的最高级别。"
    ),
    "capacity": Words(
        "The capacity plan uses the resources for accounts where they bring more.",
        "产能计划将资源用于价值更高的账户。",
    ),
}

RULES: dict[str, Words] = {**_EVERYWHERE, **_JURISDICTIONS, **_BOUNDS}

# Whose rules applied, as decisions name it in `rules_of`.
JURISDICTIONS: dict[str, Words] = {
    "US": Words("the United States", "美国"),
    "US-NY-NYC": Words("New York City, United States", "美国纽约市"),
    "US-MA": Words("Massachusetts, United States", "美国马萨诸塞州"),
    "CN": Words("China", "中国"),
    "GB": Words("the United Kingdom", "英国"),
    "IN": Words("India", "印度"),
    "strictest": Words("the strictest of all known", "全部已知规则中最严格者"),
}
