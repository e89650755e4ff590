"""Words of the household's life: actions, what must hold before them, clocks; and of files: tiers, categories, how they end."""

from __future__ import annotations

from api.domain.categories import CategoryMethod, HardshipCategory
from api.domain.clocks import Clock
from api.domain.files import Closing, Tier
from api.domain.lifecycle import Action, Guard
from api.schema.enumerations import Words, described

__all__ = ["Action", "CategoryMethod", "Clock", "Closing", "Guard", "HardshipCategory", "Tier"]

described(
    Action,
    "What moves a household from one stage to the next, or confirms where it stands.",
    {
        "APPLY": Words(
            "申请", "Apply", "提交申请，或再次申请。", "An application is handed in, the first or another."
        ),
        "TAKE_OVER": Words("转入", "Take over", "由其他登记系统转入。", "It comes from another register."),
        "ACCEPT": Words("受理", "Accept", "材料齐全，进入审核。", "The papers are complete; the review begins."),
        "RETURN": Words("退回", "Return", "退回上一阶段补正。", "It goes back one stage, to be completed."),
        "REFUSE": Words(
            "不予建档", "Refuse", "经工作人员决定不予建档。", "An officer decides that no file is opened."
        ),
        "WITHDRAW": Words("撤回申请", "Withdraw", "申请人撤回申请。", "The applicant takes the application back."),
        "PUBLISH": Words(
            "公示", "Publish", "审核通过，开始公示。", "The review is passed; it goes on public notice."
        ),
        "RECORD": Words("录入建档", "Record", "公示无异议，建立档案。", "Nobody objected; the file is opened."),
        "REVERIFY": Words("复核", "Re-verify", "定期复核家庭情况。", "The circumstances are looked at again."),
        "REPORT_CHANGE": Words("报告变化", "Report a change", "登记家庭情况的变化。", "A change is reported."),
        "RELIEVE": Words(
            "解困", "Relieve", "经帮扶达到低保标准，继续帮扶。", "Aid has lifted it to the line; aid goes on."
        ),
        "GRADUATE": Words(
            "脱困退出", "Graduate", "致困原因消除，经决定退出。", "The cause is gone, and it leaves by decision."
        ),
        "DEREGISTER": Words("注销", "Deregister", "经决定注销档案。", "The file is closed by decision."),
        "FALL_BACK": Words(
            "返困", "Fall back", "再次陷入困难，重新在档。", "Hardship has returned; a file is open again."
        ),
        "REINSTATE": Words(
            "恢复", "Reinstate", "纠正错误，恢复原档案。", "An error of ours is undone; the file is open again."
        ),
    },
)
described(
    Guard,
    "What must hold before a household is moved.",
    {
        "COMPLETE": Words(
            "信息齐全", "Complete", "全国表的必填项已填。", "The required fields of the form are there."
        ),
        "CONSENTED": Words(
            "均已授权", "Consented", "每名成年成员均已授权核对。", "Each adult has authorised the check."
        ),
        "SIGNED": Words("材料已签", "Signed", "已上传签字的申请书和授权书。", "The signed papers are attached."),
        "VISITED": Words("已入户", "Visited", "期限内已入户调查。", "The home was visited within the limit."),
        "VERIFIED": Words(
            "已核对",
            "Verified",
            "部门数据已核对并办结，或部门答复已逾期（按参数要求）。",
            "What departments' data say was asked, and told or late, where a parameter asks for it.",
        ),
        "NOTICE_READY": Words("公示就绪", "Notice ready", "公示内容已备妥。", "What is published is prepared."),
        "NOTICE_OVER": Words(
            "公示期满", "Notice over", "公示已满规定的工作日。", "The notice stood its working days."
        ),
        "NO_OBJECTION": Words(
            "无异议", "No objection", "公示异议均已答复且不成立。", "No objection is open or was upheld."
        ),
        "NO_OPEN_OBJECTION": Words(
            "无待答复异议", "No open objection", "没有待答复的异议。", "No objection waits for an answer."
        ),
        "ONE_FILE": Words("一户一档", "One file", "一户一档，一人一档。", "One file a household, and one a person."),
        "PROPOSED": Words("已提出", "Proposed", "另一名工作人员已提出。", "Another officer has proposed it."),
        "CAUSES_RESOLVED": Words(
            "致困原因消除", "Causes resolved", "全部致困原因均已消除。", "Every cause of hardship is resolved."
        ),
        "SIX_MONTHS": Words(
            "连续六个月",
            "Six months",
            "人均收入连续六个月超过标准。",
            "Income was above the line six months in a row.",
        ),
        "LIFTED": Words("达到标准", "Lifted", "计入帮扶后达到低保标准。", "With aid counted, it is at the line."),
        "STATED": Words("已作说明", "Stated", "工作人员已作书面说明。", "The officer has stated it in writing."),
        "AID_ENDED": Words(
            "救助已停",
            "Aid ended",
            "没有以后月份还要发放的救助。",
            "No aid that was granted goes on after this month.",
        ),
        "WATCHED": Words("跟踪期内", "Watched", "仍在脱困后的跟踪期内。", "The watch after the exit goes on."),
    },
)
described(
    Clock,
    "What has to be done with a file by its day.",
    {
        "ACCEPTANCE": Words("受理", "Acceptance", "初审并受理申请。", "The application is looked at and taken up."),
        "REVIEW": Words("审核", "Review", "审核并委托核对。", "It is reviewed and checked."),
        "RECORDING": Words("录入", "Recording", "公示期满后录入。", "It is recorded when the notice is over."),
        "REVERIFICATION": Words("复核", "Re-verification", "定期复核。", "The circumstances are looked at again."),
    },
)
described(
    Tier,
    "Which level of the unions keeps a file and pays for it.",
    {
        "NATIONAL": Words("全国级", "National", "中央财政和全总资金帮扶。", "Paid from national funds."),
        "PROVINCIAL": Words("省级", "Provincial", "省级资金帮扶。", "Paid from the province's funds."),
        "MUNICIPAL": Words("地市级", "Municipal", "地市级资金帮扶。", "Paid from the city's funds."),
        "COUNTY": Words("区县级", "County", "区县级资金帮扶。", "Paid from the county's funds."),
        "GRASSROOTS": Words("基层", "Grassroots", "基层工会资金帮扶。", "Paid by the grassroots union."),
    },
)
described(
    CategoryMethod,
    "By which rules a category of hardship is found.",
    {
        "A2016": Words(
            "2016年办法", "Of 2016", "低保户、低保边缘户、意外致困户。", "By the line of dibao and its margin."
        ),
        "B2020": Words(
            "2020年办法",
            "Of 2020",
            "深度困难、相对困难、意外致困。",
            "By what is left of the income after unavoidable expenses.",
        ),
    },
)
described(
    HardshipCategory,
    "What kind of hardship a household is in; which there are depends on the method.",
    {
        "DIBAO": Words("低保户", "Dibao", "人均收入低于低保标准。", "Income a head is below the line."),
        "DIBAO_MARGIN": Words(
            "低保边缘户", "Margin of dibao", "人均收入略高于低保标准。", "Income a head is a little above the line."
        ),
        "DEEP": Words(
            "深度困难",
            "Deep",
            "扣除刚性支出后人均低于低保标准。",
            "After unavoidable expenses, less than the line a head.",
        ),
        "RELATIVE": Words(
            "相对困难",
            "Relative",
            "扣除刚性支出后人均低于标准两倍。",
            "After unavoidable expenses, less than twice the line a head.",
        ),
        "ACCIDENTAL": Words(
            "意外致困", "Accidental", "因灾、因病、因意外而致困。", "Disaster, illness or accident struck."
        ),
        "MIGRANT_WORKER": Words(
            "困难农民工",
            "Migrant worker",
            "签订一年以上劳动合同并加入工会，按务工地标准认定（2016年办法）。",
            "In the union, on a contract of a year or more, in hardship by the line of the place of work (2016).",
        ),
        "AUXILIARY": Words(
            "地方辅助类",
            "Auxiliary",
            "地方以自有资金帮扶的其他困难职工（2016年办法）。",
            "Others in hardship, whom a place helps by its own means (2016).",
        ),
    },
)
described(
    Closing,
    "Why a file, or an application, ended.",
    {
        "REFUSED": Words("不予建档", "Refused", "申请未获通过。", "The application was refused."),
        "WITHDRAWN": Words("撤回", "Withdrawn", "本人撤回或自愿退出。", "They withdrew, or left of their own will."),
        "GRADUATED": Words("脱困", "Graduated", "致困原因消除，已脱困。", "The cause of hardship is gone."),
        "DECEASED": Words("死亡", "Deceased", "档案主体已死亡。", "The worker died."),
        "RETIRED_SOCIALISED": Words(
            "社会化管理退休",
            "Retired",
            "退休并实行社会化管理。",
            "The worker retired under the community's care.",
        ),
        "ERROR": Words("建档有误", "Error", "建档有误。", "The file should not have been opened."),
        "MOVED": Words("迁出", "Moved", "迁往外地。", "The household moved away."),
        "AS_REGISTERED": Words(
            "登记为已注销",
            "As registered",
            "原登记系统未说明原因。",
            "Another register closed it and did not say why.",
        ),
    },
)
