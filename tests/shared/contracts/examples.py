"""One example of every event, as its producer makes it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from shared.contracts import feedback, intake, routing
from shared.contracts.base import Contract

AT = datetime(2020, 6, 5, 2, 0, tzinfo=UTC)
DUE = datetime(2020, 6, 12, 9, 30, tzinfo=UTC)
SECRETARY = intake.Owner(staffId="secretary-gulou-1", role="SECRETARY", unit="T-370881-001")
HANDLER = intake.Owner(staffId="handler-lucheng", role="HANDLER", unit="D-370881001-DGW")
SYSTEM = intake.Owner(staffId="system", role="SYSTEM", unit="routing")
PROGRESS = routing.Progress(
    status="HANDLING",
    at=AT,
    dueAt=DUE,
    publicReply=None,
    owner=HANDLER,
    access=routing.ProgressAccess(
        division="370881001901",
        departments=["D-370881001-DGW"],
        handlers=["handler-lucheng"],
        accusedDepartments=["D-3708-RSJ"],
        confidential=False,
    ),
)

EXAMPLES: tuple[Contract, ...] = (
    intake.GrievanceRegisteredV1(
        number="370881-20200605-0001-7",
        kind="HELP",
        channel="VISIT",
        subject="小区指示牌破损",
        text="门口的指示牌看不清字。",
        category=None,
        division="370881001901",
        urgent=False,
        anonymous=False,
        occurredAt=AT,
        registeredAt=AT,
        campaign="民意5来听",
        foundBy="VISIT",
        owner=SECRETARY,
        access=intake.Access(
            division="370881001901", petitionerRef="ab" * 32, team="T-370881-001", accusedDepartments=[], confidential=False
        ),
        attachments=["7d9f1c1e-2222-5333-8444-555555555555"],
        onSpotAnswer=None,
        nameMarks=[f"3.{'ab' * 16}"],
    ),
    intake.DeliveryAttemptedV1(deliveryId="d-1", channel="SMS", result="sent", at=AT, reason=None, attempt=1, final=True),
    intake.GrievanceReportedUpV1(
        to="370881001000", by=SECRETARY, at=AT, summary="7d9f1c1e-3333-5333-8444-555555555555", remark="沿街指示牌都旧了，请街道统一更换。"
    ),
    intake.PetitionerToldV1(by=SECRETARY, at=AT, deliveryId="d-1"),
    intake.GrievanceCompletedV1(
        by=SECRETARY,
        at=AT,
        petitionerRef="cd" * 32,
        subject="小区指示牌破损",
        attachments=["7d9f1c1e-2222-5333-8444-555555555555"],
        nameMarks=[f"3.{'ab' * 16}"],
    ),
    intake.PetitionerCorrectedV1(by=SECRETARY, at=AT, petitionerRef="cd" * 32, subject="小区指示牌破损", nameMarks=[f"3.{'cd' * 16}"]),
    intake.PersonalDataErasedV1(at=AT, reason="REQUEST", petitionerRef="erased:5b1f6a52-0000-5000-8000-000000000001"),
    intake.HotlineOrderIssuedV1(
        orderId="370881-20200605-0001-7/1",
        occasion="DISPATCHED",
        number="370881-20200605-0001-7",
        kind="HELP",
        channel="VISIT",
        category=None,
        grade="ORDINARY",
        urgent=False,
        subject="小区指示牌破损",
        text="门口的指示牌看不清字。",
        division="370881001901",
        divisionName="鼓楼社区",
        occurredAt=AT,
        registeredAt=AT,
        issuedAt=AT,
        dueAt=DUE,
        attachments=["7d9f1c1e-2222-5333-8444-555555555555"],
    ),
    intake.HotlineReportedV1(
        orderId="370881-20200605-0001-7/1",
        reportId="7d9f1c1e-6666-5333-8444-555555555555",
        kind="RESOLVED",
        text="已更换。",
        at=AT,
    ),
    intake.DepartmentsRecordedV1(
        revision=1,
        rows=[
            intake.DepartmentRow(code="D-3708-JTJ", name="济宁市教育局", division="370800000000", head="head-jtj", receiver="handler-jtj")
        ],
    ),
    intake.PostsRecordedV1(
        revision=2,
        rows=[intake.PostRow(id="P-3708-DIS", post="DISPATCHER", division="370800000000", holder="dispatcher-jining", role="DISPATCHER")],
    ),
    intake.TeamsRecordedV1(
        revision=1,
        rows=[
            intake.TeamRow(
                code="T-370881-001",
                name="鼓楼一组",
                division="370881000000",
                leader="secretary-gulou-1",
                contactUnits=["370881001901"],
                programmes=["FIRST_SECRETARY"],
            )
        ],
    ),
    intake.HouseholdsImportedV1(
        importId="7d9f1c1e-2222-5333-8444-555555555555", division="370829000000", at=AT, added=3, changed=1, unchanged=0, refused=1
    ),
    routing.GrievanceAppraisedV1(
        verdict="ACCEPTED",
        category="城乡建设",
        grade="ORDINARY",
        rule="by-rule/rule",
        by=SYSTEM,
        onSpotAnswer=None,
        kind="COMPLAINT",
        round=1,
        progress=PROGRESS,
    ),
    routing.GrievanceDispatchedV1(
        department="D-370881001-DGW", rule="lucheng", ruleVersion=1, by=SYSTEM, provisionalDue=False, progress=PROGRESS
    ),
    routing.WorkOrderAcceptedV1(department="D-370881001-DGW", by=HANDLER, progress=PROGRESS),
    routing.GrievanceResolvedV1(
        department="D-370881001-DGW", text="已更换。", evidence=["a-1"], round=1, by=HANDLER, releasedBy=SYSTEM, progress=PROGRESS
    ),
    routing.GrievanceDeclinedV1(reason="属于诉讼事项。", route="请向人民法院提起。", round=1, by=SYSTEM, progress=PROGRESS),
    routing.GrievanceMovedV1(action="CLOSE", by=SYSTEM, progress=PROGRESS),
    routing.GrievanceWarnedV1(
        of="RESULT",
        step="RED",
        dueAt=DUE,
        plannedAt=DUE,
        late=False,
        toRole="HANDLER",
        toUnit="D-370881001-DGW",
        by=SYSTEM,
        progress=PROGRESS,
    ),
    routing.HandoffRequestedV1(
        orderId="370881-20200605-0001-7/1",
        occasion="DISPATCHED",
        category="城乡建设",
        kind="HELP",
        grade="ORDINARY",
        dueAt=DUE,
        division="370881001901",
        by=SYSTEM,
        progress=PROGRESS,
    ),
    feedback.DeliveryRequestedV1(deliveryId="d-1", purpose="REPLY", text="已更换。"),
    feedback.FedBackV1(round=1, deliveryId="d-1", at=AT),
    feedback.SurveyOpenedV1(round=1, at=AT),
    feedback.SurveyAnsweredV1(round=1, resolved=False, satisfied="DISSATISFIED", reason="字还是看不清", reworkAsked=True, at=AT),
    feedback.SurveyExpiredV1(round=1, at=AT),
    feedback.PetitionerCalledV1(round=1, result="REACHED", told=True, by="CALLER 370881", at=AT),
    *(
        anchored(
            anchor=2,
            day=date(2020, 6, 5),
            earliest=AT,
            latest=DUE,
            entries=4,
            digest="0f" * 32,
            previous="f0" * 32,
        )
        for anchored in (intake.IntakeAuditAnchoredV1, routing.RoutingAuditAnchoredV1, feedback.FeedbackAuditAnchoredV1)
    ),
)
