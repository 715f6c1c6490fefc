using SafetySdk.Audit;

namespace SafetySdk.Storage.Tests;

public sealed class InMemoryStoreTests : SafetyStoreContract
{
    protected override ISafetyStore Open() => new InMemorySafetyStore();

    [Fact]
    public async Task Old_records_go_and_the_rest_still_verifies()
    {
        using var store = new InMemorySafetyStore(maxAuditRecords: 10);
        var recorder = new VerdictRecorder(store, new InputDigester(Key), time: Time);
        for (int i = 0; i < 25; i++)
        {
            await recorder.RecordAsync(Verdicts.Allowed(), new CheckSubject());
        }

        AuditVerification verification = await StoredAudit.VerifyAsync(store);
        Assert.Null(verification.Fault);
        Assert.Equal(25, verification.Head.Sequence);
        Assert.Equal(15, await store.ReadAsync(t => t.Audit.Start.Sequence));
    }
}
