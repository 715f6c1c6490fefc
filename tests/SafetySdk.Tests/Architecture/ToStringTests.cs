using System.Reflection;
using SafetySdk.Accounts;
using SafetySdk.Audit;
using SafetySdk.Classification;
using SafetySdk.Evidence;
using SafetySdk.External;
using SafetySdk.Hashing;
using SafetySdk.Images;
using SafetySdk.Matching;
using SafetySdk.Monitoring;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Prompts.Learned;
using SafetySdk.Prompts.Requests;
using SafetySdk.Reporting;
using SafetySdk.Reports;
using SafetySdk.Reports.CyberTipline;
using SafetySdk.Storage;

namespace SafetySdk.Tests.Architecture;

/// <summary>
/// Whatever ends up in a log by being interpolated says no content: records print their members unless told otherwise, so every record
/// that carries a text, a hash or an account is listed here with a planted value, and a new one must be judged.
/// </summary>
public sealed class ToStringTests
{
    private const string Planted = "0123456789abcdef";

    private static readonly PdqHash Hash = PdqHash.Parse(string.Concat(Enumerable.Repeat(Planted, 4)));

    private static readonly TextLine Line = new(Planted, 1, []);

    private static readonly KnownContentMatch Match = new("list", Planted, "pdq", 0, "original", [Planted]);

    private static readonly StandingChange Change =
        new(Planted, AccountStanding.Good, AccountStanding.Banned, Planted, Planted, default) { Asked = AccountStanding.Banned };

    private static readonly OutboxReport Report =
        new(Planted, "kind", Convert.FromHexString(Planted)) { Lease = Planted, RemoteId = Planted, LastError = Planted };

    private static readonly Verdict Verdict = new SafetyPipeline(new SafetyPipelineParts { Policy = SafetyPolicy.BuiltIn("balanced") })
        .Check(new SafetyRequest { Prompt = Planted });

    private static readonly MonitorFinding Finding = new(SafetyCategory.Violence, 1, Planted);

    private static readonly ModelCall Call = new()
    {
        Request = new SafetyRequest { Prompt = Planted },
        Decision = Decision.Allow,
        Actions = [],
        Advice = [],
        Reasons = [],
    };

    private static readonly CyberTip Tip = new()
    {
        Incident = CyberTipIncident.AbuseMaterial,
        IncidentTime = default,
        Reporter = new CyberTipReporter(new CyberTipPerson { Email = Planted }) { CompanyTemplate = Planted },
        Places = [new CyberTipPlace(CyberTipPlaceKind.Chat) { ChatContent = Planted }],
        Reported = new ReportedUser { AccountId = Planted },
        Files = [new CyberTipFile(Planted) { OriginalName = Planted, Hashes = [new CyberTipHash("MD5", Planted)] }],
        AdditionalInfo = Planted,
    };

    private static readonly EvidenceDestruction Destruction =
        new(Planted, "report", Planted, default, EvidenceDestructionReason.RetentionEnded);

    private static readonly SafetySdk.Prompts.ListedName Listed =
        new(SafetySdk.Prompts.NameKind.Artist, Planted, null, null, SafetySdk.Prompts.LifeStatus.Living, Planted, null);

    // Records that carry content, each with the planted value wherever content can be.
    private static readonly object[] Carriers =
    [
        new SafetyRequest { Prompt = Planted, AccountId = Planted, Images = [Convert.FromHexString(Planted)] },
        Line,
        new ImageAnalysis { Person = PersonPresence.None, Photo = 0, Signals = [], Text = [Line] },
        new HashText(HashKind.Md5, Planted, null),
        new PdqResult(Hash, 100),
        new HashListEntry(Planted, HashKind.Md5, Planted, [Planted], "list"),
        Match,
        new VetoedMatch(Match, Match, "near_false_positive"),
        new HashFingerprint("photodna", null, Planted),
        new HashIndexEntry(Planted, "list", "A1", "active", [Planted]),
        new HashListRecord(Planted, Planted, "list", [new HashFingerprint("photodna", null, Planted)])
        {
            Classification = Planted,
            State = Planted,
            Labels = [Planted],
        },
        new KnownContentResult([Match], TooLittleDetail: false),
        new HashListOptions { Labels = [Planted] },
        new Account(Planted),
        new AccountStatus(new Account(Planted), 1),
        Change,
        new AccountSignal(Planted, "sexual", Decision.Block, 1, Planted, default),
        new Appeal(Planted, 1, default) { Reason = Planted, DecidedBy = Planted },
        new AuditEntry { Kind = AuditKind.Verdict, Account = Planted, VerdictId = Planted, Inputs = [new InputDigest("prompt", Planted)] },
        new UserReportCase(new UserReport(Planted, "harassment", default) { ReportedAccountId = Planted }, UserReportState.Upheld) { Reviewer = Planted, Reason = Planted },
        new ReportDraft(Planted, "kind", Convert.FromHexString(Planted)) { VerdictId = Planted },
        Report,
        new CheckSubject { AccountId = Planted, Inputs = [new InputDigest("prompt", Planted)] },
        new RecordedVerdict(AuditHead.Empty) { Change = Change, Report = Report },
        new ExternalQuery { Stage = Stage.Upload, Operation = Operation.Edit, Source = "image 0", Text = Planted, Image = Convert.FromHexString(Planted) },
        new MonitorQuery
        {
            Stage = Stage.Joint,
            Operation = Operation.Edit,
            Age = AgeBand.Adult,
            Policy = SafetyPolicy.BuiltIn("balanced"),
            Prompt = Planted,
            Turns = [Planted],
            OutputText = Planted,
            Images = [Convert.FromHexString(Planted)],
        },
        Finding,
        new MonitorReport([Finding]),
        Call,
        new ChatReply { Prompt = Planted, Text = Planted },
        new GeneratorReply { PromptUsed = Planted, Images = [Convert.FromHexString(Planted)] },
        new SafetyRun { Outcome = RunOutcome.Delivered, Verdict = Verdict, Text = Planted, Images = [Convert.FromHexString(Planted)] },
        new SafetyRecord { Verdict = Verdict, Operation = Operation.Edit, Age = AgeBand.Adult, AccountId = Planted, Inputs = [new("prompt", Planted)] },
        new ContentDigest("prompt", Planted),
        new OfferedRewrite(Planted, []),
        Tip,
        Tip.Places[0],
        Tip.Reporter,
        Tip.Reporter.Person,
        Tip.Reported!,
        Tip.Files[0],
        Tip.Files[0].Hashes[0],
        new CyberTiplineCredentials(Planted, Planted),
        new CyberTiplineOptions { Address = new Uri("https://host.test/" + Planted), Credentials = _ => default },
        new CyberTiplineAnswer(CyberTiplineOutcome.Done, "0") { ReportId = Planted, FileId = Planted, FileHash = Planted },
        new EvidenceRecord(Planted, "report", default) { KeyId = Planted, SealedDigest = Planted, WrappedKey = Convert.FromHexString(Planted) },
        Destruction,
        Listed,
        new SafetySdk.Prompts.NameMention(Listed, default),
        new EvidenceSweep([Destruction], 0, 0),
        new UserReport(Planted, "harassment", default)
        {
            VerdictId = Planted, ReporterAccountId = Planted, ReportedAccountId = Planted, EvidenceIds = [Planted],
        },
    ];

    // Values whose text is what they are for: whoever prints a hash means it.
    private static readonly Type[] MayPrint = [typeof(ImageHash64), typeof(ImageHash256)];

    // Members whose text comes from us or from a policy, never from a user, a picture or a list.
    private static readonly Type[] NoContent =
    [
        typeof(DetectorVersion), typeof(ObjectFinding), typeof(Signal), typeof(CheckFailure), typeof(ModelManifest), typeof(ModelSource),
        typeof(ModelFile), typeof(ModelInput), typeof(ModelOutput), typeof(TensorRecipe), typeof(PadColour), typeof(PolicyRule),
        typeof(SafetyPolicy), typeof(VerdictReason), typeof(Verdict), typeof(CategoryInfo), typeof(ContextFinding), typeof(HelpResource),
        typeof(PolicyProblem), typeof(PolicyDifference),
        typeof(HashListCounts), typeof(HashIndexUpdate), typeof(AuditHead), typeof(AuditFault), typeof(DeliveryResult),
        typeof(InputDigest), // nothing without the key
        typeof(CheckNote), typeof(ExternalReply), typeof(RefusalText), typeof(RewriteChange), typeof(PromptModelHead),
        typeof(CyberTipFailure), typeof(EvidenceObject),
    ];

    [Fact]
    public void No_record_prints_its_content()
        => Assert.All(Carriers, carrier => Assert.DoesNotContain(Planted, carrier.ToString(), StringComparison.OrdinalIgnoreCase));

    [Fact]
    public void Every_record_that_could_carry_content_is_judged()
    {
        Type[] parts = [typeof(string), typeof(ulong), typeof(byte), typeof(PdqHash), .. Carriers.Select(c => c.GetType())];
        Type[] judged = [.. Carriers.Select(c => c.GetType()), .. MayPrint, .. NoContent];
        Type[] could =
        [
            .. typeof(SafetyHome).Assembly.GetExportedTypes()
                .Where(t => IsRecord(t) && t.GetProperties().Any(p => parts.Any(part => Holds(p.PropertyType, part)))),
        ];
        Assert.Empty(could.Except(judged));
        Assert.Empty(judged.Except(could));
    }

    private static bool IsRecord(Type type)
        => type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly) is not null;

    private static bool Holds(Type type, Type part)
        => type == part
            || (type.HasElementType && Holds(type.GetElementType()!, part))
            || type.GenericTypeArguments.Any(a => Holds(a, part));
}
