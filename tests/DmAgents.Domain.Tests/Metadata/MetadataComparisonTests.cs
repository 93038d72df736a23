using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;

namespace DmAgents.Domain.Tests.Metadata;

public sealed class MetadataComparisonTests
{
    private static readonly PoolState State = Given.Pool
        .Do(Given.Create(Given.Container("a"))).Do(Given.Create(Given.Container("b")));

    private static readonly ThinId Base = new(1);
    private static readonly ThinId A = State.Find(Given.Container("a"))!.Id;
    private static readonly ThinId B = State.Find(Given.Container("b"))!.Id;

    [Fact]
    public void What_is_there_as_before_is_whole()
    {
        var found = MetadataComparison.Make(State, Thins((Base, 2), (A, 3), (B, 4)), Thins((Base, 2), (A, 3), (B, 5)));

        Assert.Equal<ThinId>([Base, A, B], found.Whole);
        Assert.Empty(found.Lost.Concat(found.Back).Concat(found.Unknown));
        Assert.Empty(found.Short);
        Assert.False(found.LeavesNothing);
    }

    [Fact]
    public void What_is_missing_is_lost_and_what_maps_less_is_short()
    {
        var found = MetadataComparison.Make(State, Thins((Base, 2), (A, 3), (B, 4)), Thins((Base, 2), (A, 1)));

        Assert.Equal<ThinId>([Base], found.Whole);
        Assert.Equal<ThinId>([B], found.Lost);
        Assert.Equal<ShortDevice>([new ShortDevice(A, 3, 1)], found.Short);
    }

    [Fact]
    public void Where_nobody_knows_what_was_mapped_nothing_is_short() => Assert.Equal<ThinId>(
        [Base, A, B], MetadataComparison.Make(State, before: null, Thins((Base, 0), (A, 0), (B, 0))).Whole);

    [Fact]
    public void What_was_lost_can_come_back()
    {
        var lost = State.After(new PoolEvents.Lost(A, Given.At));

        Assert.Equal<ThinId>([A], MetadataComparison.Make(lost, null, Thins((Base, 0), (A, 1), (B, 1))).Back);
        Assert.Equal<ThinId>([B], MetadataComparison.Make(lost, null, Thins((Base, 0))).Lost);
    }

    [Fact]
    public void What_the_journal_does_not_know_is_unknown_unless_it_is_in_quarantine()
    {
        var state = State.After(new PoolEvents.Quarantined(new ThinId(90), "found", Given.At));

        Assert.Equal<ThinId>(
            [new ThinId(91)], MetadataComparison.Make(state, null, Thins((new(90), 1), (new(91), 1))).Unknown);
    }

    [Fact]
    public void A_device_under_the_id_of_one_that_was_made_later_is_another_one()
    {
        var later = State.After(new PoolEvents.CheckpointReached(new TransactionId(2), Given.At))
            .Do(Given.Create(Given.Container("c")));
        var c = later.Find(Given.Container("c"))!.Id;

        var found = MetadataComparison.Make(later, null, Thins((Base, 0), (A, 1), (B, 1), (c, 1)));

        Assert.Equal<ThinId>([c], found.Lost);
        Assert.Equal<ThinId>([c], found.Unknown);
        Assert.Equal<ThinId>([Base, A, B], found.Whole);
    }

    [Fact]
    public void What_is_on_its_way_out_or_in_counts_for_nothing()
    {
        var removing = State.After(new PoolEvents.RemovalIntended(Request: null, A, Given.At));
        var found = MetadataComparison.Make(removing, null, Thins((Base, 0), (B, 1)));

        Assert.Empty(found.Lost);
        Assert.Equal<ThinId>([Base, B], found.Whole);
    }

    [Fact]
    public void Nothing_is_left_where_none_of_the_known_devices_is()
    {
        Assert.True(MetadataComparison.Make(State, null, []).LeavesNothing);
        Assert.True(MetadataComparison.Make(State, null, Thins((new(99), 1))).LeavesNothing);
        Assert.False(MetadataComparison.Make(State, Thins((A, 2)), Thins((A, 1))).LeavesNothing);
        Assert.False(MetadataComparison.Make(Given.Pool, null, []).LeavesNothing);
    }

    private static ImmutableArray<ThinUsage> Thins(params (ThinId Id, ulong Mapped)[] thins) =>
        [.. thins.Select(thin => new ThinUsage(thin.Id, thin.Mapped, ExclusiveBlocks: null, new TransactionId(1)))];
}
