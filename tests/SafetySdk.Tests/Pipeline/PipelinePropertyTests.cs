using SafetySdk.Accounts;
using SafetySdk.Classification;
using SafetySdk.Pipeline;
using SafetySdk.Policies;
using SafetySdk.Tests.Policies;

namespace SafetySdk.Tests.Pipeline;

/// <summary>What holds of the whole pipeline, whatever it is asked and whatever its detectors see.</summary>
public sealed class PipelinePropertyTests
{
    private const int Rounds = 300;

    private static readonly SafetyCategory[] InPictures =
        [.. CategoryInfo.All.Where(i => i.InImages && i.Category != SafetyCategory.KnownContent).Select(i => i.Category)];

    private static readonly SafetyCategory[] InText = [.. CategoryInfo.All.Where(i => i.InText).Select(i => i.Category)];

    [Fact]
    public void One_more_thing_seen_never_softens() => ForAll((random, world) =>
    {
        World more = world with { };
        Signal seen = random.Signal(random.One(InPictures));
        byte picture = (byte)random.One([1, 2, 3]);
        more.Pictures[picture] = [.. more.Pictures[picture], seen];
        Assert.True(Decide(more) >= Decide(world), $"{seen}");
        World said = world with { };
        Signal heard = random.Signal(random.One(InText));
        said.Text = [.. said.Text, heard];
        Assert.True(Decide(said) >= Decide(world), $"{heard}");
    });

    [Fact]
    public void A_younger_user_or_account_is_never_treated_more_mildly() => ForAll((random, world) =>
    {
        Decision[] said = [.. ((AgeBand[])[AgeBand.Adult, AgeBand.Teen, AgeBand.Under13]).Select(age => Decide(world with { Said = age, Stored = AgeBand.Unknown }))];
        Assert.Equal(said.Order(), said);

        // Who says it makes no difference, and both together are as strict as the stricter.
        foreach (AgeBand a in Enum.GetValues<AgeBand>())
        {
            foreach (AgeBand b in Enum.GetValues<AgeBand>())
            {
                Assert.Equal(
                    Decide(world with { Said = a > b ? a : b, Stored = AgeBand.Unknown }), Decide(world with { Said = a, Stored = b }));
            }
        }
    });

    [Fact]
    public void A_worse_standing_or_history_never_softens() => ForAll((random, world) =>
    {
        Decision[] standing = [.. Enum.GetValues<AccountStanding>().Select(s => Decide(world with { Standing = s }))];
        Assert.Equal(standing.Order(), standing);
        Decision[] risk = [.. ((double[])[0, 0.2, 0.4, 0.6, 0.8, 0.99, double.NaN]).Select(r => Decide(world with { Risk = r }))];
        Assert.Equal(risk.Order(), risk);
        Assert.Equal(Decision.Block, standing[^1]);
    });

    [Fact]
    public void Order_of_pictures_never_matters() => ForAll((random, world) =>
    {
        Assert.Single(((byte[][])[[1, 2, 3], [3, 2, 1], [2, 1, 3], [2, 3, 1], [1, 3, 2], [3, 1, 2]])
            .Select(order => Decide(world with { Order = order })).Distinct());
    });

    [Fact]
    public void A_context_never_breaks_the_floor() => ForAll((random, world) =>
    {
        World known = world with { Contexts = Enum.GetValues<SafetyContext>() };
        known.Text = [.. known.Text, new Signal(SafetyCategory.SexualMinors, 0.5, "t", "1")];
        Assert.Equal(Decision.Block, Decide(known));
        Assert.True(Decide(world with { Contexts = [] }) >= Decide(world with { Contexts = Enum.GetValues<SafetyContext>() }));
    });

    [Fact]
    public void Whatever_fails_nothing_is_allowed() => ForAll((random, world) =>
    {
        foreach (string fault in (string[])["decoder", "analyzer", "classifier", "matcher", "account"])
        {
            Decision failed = Decide(world with { Fault = fault });
            Assert.True(failed >= Decision.Review, fault);
        }
    });

    private static void ForAll(Action<RandomPolicies, World> holds)
    {
        int allowed = 0, refused = 0;
        for (int seed = 0; seed < Rounds; seed++)
        {
            var random = new RandomPolicies(seed);
            var world = new World
            {
                Policy = SafetyPolicy.BuiltIn(random.One(SafetyPolicy.BuiltInNames)),
                Operation = random.One<Operation>(),
                Said = random.One([AgeBand.Unknown, AgeBand.Adult, AgeBand.Teen]),
                Contexts = random.Some(Enum.GetValues<SafetyContext>()),
                Risk = random.Sometimes(20) ? random.Score() : 0,
                Text = random.Sometimes(40) ? [random.Signal(random.One(InText))] : [],
            };
            foreach (byte picture in world.Order)
            {
                world.Pictures[picture] = random.Sometimes(30) ? [random.Signal(random.One(InPictures))] : [];
            }

            Decision decision = Decide(world);
            allowed += decision == Decision.Allow ? 1 : 0;
            refused += decision == Decision.Block ? 1 : 0;
            holds(random, world);
        }

        Assert.True(allowed > Rounds / 20 && refused > Rounds / 20, $"{allowed} allowed, {refused} refused: the worlds test one side only");
    }

    private static Decision Decide(World world)
    {
        var fault = new InvalidOperationException();
        var parts = new FakeParts
        {
            DecoderFault = world.Fault == "decoder" ? fault : null,
            AnalyzerFault = world.Fault == "analyzer" ? fault : null,
            ClassifierFault = world.Fault == "classifier" ? fault : null,
            MatcherFault = world.Fault == "matcher" ? fault : null,
        };
        foreach ((byte picture, Signal[] seen) in world.Pictures)
        {
            parts.Analyses[picture] = FakeParts.Picture(PersonPresence.None, seen);
        }

        parts.Texts["a hill"] = world.Text;
        var pipeline = new SafetyPipeline(parts.Parts() with { Policy = world.Policy, Accounts = world });
        return pipeline.Check(new SafetyRequest
        {
            Prompt = "a hill",
            Images = [.. world.Order.Select(o => (ReadOnlyMemory<byte>)new[] { o })],
            Operation = world.Operation,
            Age = world.Said,
            AccountId = "a",
            Contexts = world.Contexts,
        }).Decision;
    }

    private sealed record World : IAccountLookup
    {
        public World()
        {
        }

        // A copy changes nothing of what it was copied from.
        private World(World original)
        {
            (Policy, Operation, Said, Stored, Contexts, Risk, Standing, Text, Order, Fault) =
                (original.Policy, original.Operation, original.Said, original.Stored, original.Contexts, original.Risk, original.Standing, original.Text, original.Order, original.Fault);
            Pictures = new Dictionary<byte, Signal[]>(original.Pictures);
        }

        public SafetyPolicy Policy { get; init; } = SafetyPolicy.BuiltIn("balanced");

        public Operation Operation { get; init; }

        public AgeBand Said { get; init; }

        public AgeBand Stored { get; init; }

        public IReadOnlyList<SafetyContext> Contexts { get; init; } = [];

        public double Risk { get; init; }

        public AccountStanding Standing { get; init; }

        public Signal[] Text { get; set; } = [];

        public byte[] Order { get; init; } = [1, 2, 3];

        public string? Fault { get; init; }

        public Dictionary<byte, Signal[]> Pictures { get; } = [];

        public ValueTask<AccountStatus> FindAsync(string accountId, CancellationToken cancellationToken = default)
            => Fault == "account"
                ? throw new InvalidOperationException()
                : new(new AccountStatus(new Account("a") { Standing = Standing, Age = Stored, AgeSource = AgeSource.Declared }, Risk));
    }
}
