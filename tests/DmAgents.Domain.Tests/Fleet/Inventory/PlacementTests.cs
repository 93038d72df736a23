using System.Collections.Immutable;
using CsCheck;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Fleet.GivenFleet;

namespace DmAgents.Domain.Tests.Fleet.Inventory;

public sealed class PlacementTests
{
    private static readonly ImmutableArray<PoolSpace> Lineage = [Space(10, 10), Space(10, 10)];

    [Fact]
    public void The_roomiest_host_is_first_and_the_first_by_name_among_equals()
    {
        Assert.Equal([C, A, B], Hosts(Offer(B, 50, 50), Offer(C, 60, 60), Offer(A, 50, 50)));
        Assert.Equal([A, C], Hosts(Offer(C, 60, 30), Offer(A, 50, 50)));
    }

    [Fact]
    public void What_a_host_has_of_the_lineage_counts_for_it_and_need_not_be_written()
    {
        var best = Weigh(Offer(A, 50, 50), Offer(B, 40, 40, held: 1))[0];
        Assert.Equal(new Candidate(B, CandidateVerdict.Fits, Space(10, 10), 300, 500, 800), best);
        Assert.Equal(CandidateVerdict.Fits, Assert.Single(Weigh(Offer(A, 20, 20, held: 1))).Verdict);
        Assert.Equal(CandidateVerdict.LowData, Assert.Single(Weigh(Offer(A, 20, 50))).Verdict);
        Assert.Equal(CandidateVerdict.LowMetadata, Assert.Single(Weigh(Offer(A, 50, 20))).Verdict);
    }

    [Fact]
    public void Promised_space_is_not_free()
    {
        Assert.Equal([B, A], Hosts(Offer(A, 60, 60) with { Promised = Space(20, 0) }, Offer(B, 50, 50)));
        Assert.Equal(
            CandidateVerdict.LowData,
            Assert.Single(Weigh(Offer(A, 60, 60) with { Promised = Space(99, 0) })).Verdict);
    }

    [Fact]
    public void Another_objection_is_kept_whatever_the_room()
    {
        var candidates = Placement.Weigh(
            Lineage, [Offer(A, 1, 1), Offer(B, 90, 90)],
            host => host == A ? CandidateVerdict.HasIt : CandidateVerdict.FailedRecently);
        Assert.Equal(
            [CandidateVerdict.FailedRecently, CandidateVerdict.HasIt], candidates.Select(c => c.Verdict));
    }

    [Fact]
    public void Pools_of_any_size_are_weighed_without_overflow_and_whatever_fits_leaves_a_tenth() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong[0, ulong.MaxValue / 4]).Sample((total, free, need) =>
        {
            var offer = new HostOffer(
                A, new Incarnation(1), new PoolName("pool"), Bytes(total), Bytes(Math.Min(free, total)),
                default, HeldLayers: 0);
            var candidate = Assert.Single(Placement.Weigh([Bytes(need)], [offer], _ => CandidateVerdict.Fits));
            Assert.InRange(candidate.Room, -1, 1000);
            var left = (decimal)Math.Min(free, total) - need;
            if (candidate.Verdict == CandidateVerdict.Fits)
                Assert.InRange(left, Math.Floor((decimal)total / 10), total);
            else
                Assert.True(left < Math.Ceiling((decimal)total / 10) || total == 0);
        }, iter: 5000);

    private static HostName[] Hosts(params HostOffer[] offers) => [.. Weigh(offers).Select(c => c.Host)];

    private static ImmutableArray<Candidate> Weigh(params HostOffer[] offers) =>
        Placement.Weigh(Lineage, offers, _ => CandidateVerdict.Fits);

    private static HostOffer Offer(HostName host, ulong data, ulong metadata, int held = 0) => new(
        host, new Incarnation(1), new PoolName("pool"), Space(100, 100), Space(data, metadata), default, held);

    private static PoolSpace Space(ulong data, ulong metadata) => new(ByteSize.GiB(data), ByteSize.MiB(metadata));

    private static PoolSpace Bytes(ulong bytes) => new(new ByteSize(bytes), new ByteSize(bytes));
}
