using CsCheck;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

public sealed class ThinIdLedgerTests
{
    [Fact]
    public void The_first_id_is_1_because_0_is_given_to_nobody() =>
        Assert.Equal(new ThinId(1), ThinIdLedger.Empty.Choose(_ => false));

    [Fact]
    public void After_the_last_id_the_search_goes_on_at_1()
    {
        var ledger = ThinIdLedger.Empty.Given(new ThinId(ThinId.Max));

        Assert.Equal(new ThinId(1), ledger.Choose(_ => false));
        Assert.Equal(new ThinId(3), ledger.Quarantined(new(new ThinId(2), "in doubt", At)).Choose(id => id.Value == 1));
    }

    [Fact]
    public void An_id_that_came_free_rests_until_all_others_were_given() =>
        Assert.Equal(new ThinId(6), ThinIdLedger.Empty.Given(new ThinId(5)).Choose(_ => false));

    [Fact]
    public void The_last_free_id_is_found_wherever_the_search_begins()
    {
        var ledger = ThinIdLedger.Empty.Given(new ThinId(70_000));

        Assert.Equal(new ThinId(69_999), ledger.Choose(id => id.Value != 69_999));
    }

    [Fact]
    public void Where_all_are_taken_there_is_none() => Assert.Null(ThinIdLedger.Empty.Choose(_ => true));

    [Fact]
    public void No_id_is_given_that_is_taken_or_in_quarantine() =>
        Gen.Select(Gen.UInt[0, 20], Gen.UInt[1, 20].Array[0, 30], Gen.UInt[1, 20].Array[0, 30])
            .Sample((next, taken, doubtful) =>
        {
            // Also around the end of the ids: 0 stands for the last.
            var start = next == 0 ? new ThinId(ThinId.Max) : new ThinId(next);
            var ledger = doubtful.Aggregate(
                ThinIdLedger.Empty with { Next = start }, (l, id) =>
                    l.Quarantined(new(new ThinId(id), "in doubt", At)));

            var chosen = ledger.Choose(id => taken.Contains(id.Value));

            Assert.NotNull(chosen);
            Assert.DoesNotContain(chosen.Value.Value, taken);
            Assert.DoesNotContain(chosen.Value.Value, doubtful);
            Assert.NotEqual(0u, chosen.Value.Value);
        });
}
