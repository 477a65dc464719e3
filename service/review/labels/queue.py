"""Labels of the queue of decisions."""

from models.intensity.words.catalogue import Words

QUEUE_LABELS: dict[str, Words] = {
    "ended": Words("no longer valid", "已失效"),
    "decisions": Words("Decisions", "决策"),
    "all": Words("All decisions", "全部决策"),
    "expired": Words("expired", "已过期"),
    "queue_waiting": Words("{count} proposals wait for approval.", "{count} 项提议待批准。"),
    "queue_waiting_one": Words("One proposal waits for approval.", "1 项提议待批准。"),
    "queue_waiting_none": Words("No proposal waits for approval.", "没有待批准的提议。"),
    "queue_waiting_link": Words("Show proposals", "查看提议"),
    # Searching by account
    "queue_account": Words("Account id", "账户编号"),
    "queue_account_hint": Words(
        "The whole id. It is not put into the address.", "完整编号；不会写入网址。"
    ),
    "queue_account_search": Words("Find account", "查找账户"),
    "queue_account_wrong": Words(
        "Write the account’s id: 1 to 64 printable characters.",
        "请填写账户编号：1 至 64 个可显示字符。",
    ),
    "queue_account_unknown": Words(
        "No decision has been recorded for an account with this id. Check the id: capitals and "
        "zeros count.",
        "没有该编号账户的决策记录。请核对编号：区分大小写，零不可省略。",
    ),
    "queue_of_account": Words("Decisions of account", "账户的决策："),
    "queue_all_accounts": Words("All accounts", "全部账户"),
    # Filters
    "queue_filters": Words("Filters and order", "筛选与排序"),
    "queue_from": Words("Decided from", "决策日期自"),
    "queue_until": Words("Decided until", "决策日期至"),
    "queue_days": Words(
        "Days are those of UTC; the last one is included.", "日期按 UTC 计；含最后一日。"
    ),
    "queue_stage": Words("Stage", "逾期阶段"),
    "queue_tier": Words("Risk tier", "风险等级"),
    "queue_level": Words("Contact level", "联系强度"),
    "queue_treatment": Words("Treatment", "处置方式"),
    "queue_rule": Words("Rule that bound", "起约束作用的规则"),
    "queue_status": Words("Status", "状态"),
    "queue_model": Words("Model", "模型"),
    "queue_sort": Words("Order", "排序"),
    "queue_size": Words("On a page", "每页条数"),
    "queue_any": Words("any", "不限"),
    "queue_standing": Words("not superseded", "未被取代"),
    "queue_every_status": Words("any, superseded too", "全部，含已被取代"),
    "queue_sort_approval": Words("What needs approval first", "待批准优先"),
    "queue_sort_newest": Words("Newest first", "最新优先"),
    "queue_sort_highest_level": Words("Highest level first", "级别由高到低"),
    "queue_sort_lowest_level": Words("Lowest level first", "级别由低到高"),
    "queue_sort_latest_stage": Words("Latest stage first", "阶段由晚到早"),
    "queue_sort_earliest_stage": Words("Earliest stage first", "阶段由早到晚"),
    "queue_sort_worst_tier": Words("Worst tier first", "风险由高到低"),
    "queue_sort_best_tier": Words("Best tier first", "风险由低到高"),
    "queue_apply": Words("Apply", "应用"),
    "queue_clear": Words("Clear all filters", "清除全部筛选"),
    "queue_applied": Words("Applied filters", "已应用的筛选"),
    "queue_remove": Words("Remove this filter:", "移除筛选："),
    # What is wrong with an address
    "queue_wrong": Words(
        "Nothing was searched: part of what was asked for cannot be read.",
        "未执行搜索：部分条件无法识别。",
    ),
    "queue_wrong_day": Words("is no day. Write it as 2025-07-31.", "不是日期，请写作 2025-07-31。"),
    "queue_wrong_choice": Words(
        "is none of the choices. Choose one of the list.", "不在可选范围内，请从列表中选择。"
    ),
    "queue_wrong_span": Words(
        "lies before the first day. Put the earlier day first.", "早于起始日期，请先填较早的日期。"
    ),
    "queue_wrong_link": Words(
        "leads nowhere: the link was changed or is of another list. Begin at the first page.",
        "无法识别：链接已被改动，或属于另一列表。请从第一页开始。",
    ),
    "queue_cursor": Words("Page", "页"),
    "queue_same_account_as": Words("Account", "账户"),
    # What was found
    "queue_found": Words("Decisions found", "查询结果"),
    "queue_csv": Words("CSV of this page", "本页 CSV"),
    "queue_next": Words("Next page", "下一页"),
    "queue_first": Words("First page", "第一页"),
    "queue_over": Words("There are no more decisions.", "没有更多决策。"),
    "queue_few": Words(
        "The account has very many decisions: there may be more on the next page.",
        "该账户的决策很多：下一页可能还有。",
    ),
    "queue_nothing": Words(
        "No decision meets all of these conditions.", "没有同时满足这些条件的决策。"
    ),
    "none_yet": Words("No decision has been recorded yet.", "尚无决策记录。"),
    "queue_how": Words(
        "A decision is recorded for each account that is sent to POST /v1/decisions, and by the "
        "nightly run that records (curescore score --record). The API’s page has an example that "
        "can be sent as it is.",
        "每个发送至 POST /v1/decisions 的账户都会产生一条决策记录，夜间批量运行"
        "（curescore score --record）亦会记录。API 页面上有可直接发送的示例。",
    ),
}
