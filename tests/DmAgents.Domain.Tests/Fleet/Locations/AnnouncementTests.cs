using System.Text.Json;
using CsCheck;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Layers;
using static DmAgents.Domain.Tests.Fleet.GivenFleet;

namespace DmAgents.Domain.Tests.Fleet.Locations;

public sealed class AnnouncementTests
{
    private static readonly Gen<(int Present, int Absent, bool Whole, int[] Order)> Announcements =
        Gen.Select(Gen.Int[0, 2500], Gen.Int[0, 1500], Gen.Bool, Gen.Int[0, 1000].Array[20]);

    [Fact]
    public void Parts_in_any_order_and_repeated_make_the_announcement_and_each_is_below_100_kB() =>
        Announcements.Sample(input =>
        {
            var announcement = Announce(input.Present, input.Absent, input.Whole);
            var parts = AnnouncementPart.Split(announcement);
            Assert.All(parts, part => Assert.InRange(Json(part).Length, 0, part.EstimatedBytes));
            Assert.All(parts, part => Assert.InRange(part.EstimatedBytes, 0, AnnouncementPart.MaxBytes));

            var shuffled = parts.Select((part, i) => (part, Order: input.Order[i % 20] * 31 + i * 17 % 13))
                .OrderBy(p => p.Order).Select(p => p.part).ToList();
            var (assembly, complete) = Feed([.. shuffled[..^1], .. shuffled[..^1]]);
            Assert.Null(complete);
            (assembly, complete) = assembly.Add(A, shuffled[^1]);
            Assert.Equal(0, assembly.Incomplete);
            Assert.NotNull(complete);
            Assert.Equal((announcement.Stamp, announcement.Whole), (complete.Stamp, complete.Whole));
            Assert.Equal(announcement.Present.AsEnumerable(), complete.Present.AsEnumerable());
            Assert.Equal(announcement.Absent.AsEnumerable(), complete.Absent.AsEnumerable());
        }, iter: 100);

    [Fact]
    public void A_later_announcement_replaces_a_half_received_one_and_an_earlier_one_does_not()
    {
        var first = AnnouncementPart.Split(Announce(2000, 0, whole: true));
        var second = AnnouncementPart.Split(Announce(2000, 0, whole: true) with { Stamp = Stamped(2) });
        var (assembly, complete) = Feed([.. first[..^1], second[0], .. first]);
        Assert.Null(complete);
        Assert.Equal(1, assembly.Incomplete);
        foreach (var part in second[1..])
            (assembly, complete) = assembly.Add(A, part);
        Assert.Equal(Stamped(2), complete!.Stamp);
    }

    [Fact]
    public void Parts_that_contradict_each_other_or_are_out_of_bounds_are_dropped()
    {
        var parts = AnnouncementPart.Split(Announce(2000, 0, whole: true));
        Assert.Equal(0, Feed([parts[0], parts[1] with { Count = 99 }]).Assembly.Incomplete);
        Assert.Equal(0, Feed([parts[0], parts[1] with { Whole = false }]).Assembly.Incomplete);
        Assert.Equal(0, Feed([parts[0] with { Index = -1 }]).Assembly.Incomplete);
        Assert.Equal(0, Feed([parts[0] with { Index = parts.Length }]).Assembly.Incomplete);
        Assert.Equal(0, Feed([parts[0] with { Count = AnnouncementPart.MaxCount + 1 }]).Assembly.Incomplete);
        Assert.Equal(0, Feed([parts[0]]).Assembly.Without(A).Incomplete);
    }

    [Fact]
    public void An_announcement_of_more_than_256_parts_is_refused_by_its_sender() =>
        Assert.Throws<ArgumentException>(() => AnnouncementPart.Split(Announcement(
            Enumerable.Repeat(Holding(1), 150_000), [], whole: true)));

    /// <summary>As long as JSON with the longest field names that a serializer would choose.</summary>
    private static byte[] Json(AnnouncementPart part) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        incarnation = part.Stamp.Incarnation.Number,
        sequence = part.Stamp.Sequence,
        part.Whole,
        part.Index,
        part.Count,
        present = part.Present.Select(holding => new
        {
            layer = holding.Layer.Value, content_digest = holding.Digest?.ToString(), verified = holding.Verified,
        }),
        absent = part.Absent.Select(layer => layer.Value),
    });

    private static (AnnouncementAssembly Assembly, LayerAnnouncement? Complete) Feed(List<AnnouncementPart> parts)
    {
        var (assembly, complete) = (AnnouncementAssembly.Empty, (LayerAnnouncement?)null);
        foreach (var part in parts)
            (assembly, complete) = assembly.Add(A, part);
        return (assembly, complete);
    }

    private static LayerAnnouncement Announce(int present, int absent, bool whole) => Announcement(
        Enumerable.Range(0, present).Select(i => i % 7 == 0 ? Long(i) : Holding(i)),
        whole ? [] : Enumerable.Range(5000, absent).Select(Layer), whole);

    private static LayerAnnouncement Announcement(
        IEnumerable<LayerHolding> present, IEnumerable<ChainId> absent, bool whole) =>
        new(Stamped(1), whole, [.. present], [.. absent]);

    private static LayerHolding Long(int number) => new(
        ChainId.Parse("sha512:" + Layer(number).Digest.Hex + Layer(number + 1).Digest.Hex), Content(1),
        Verified: number % 2 == 0);
}
