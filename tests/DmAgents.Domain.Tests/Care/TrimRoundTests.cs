using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Tests.Effects;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Care;

public sealed class TrimRoundTests
{
    private static readonly TimeSpan Fair = TimeSpan.FromMilliseconds(8);
    private static readonly DateTimeOffset Last = Given.At;

    [Fact]
    public void Only_what_is_live_and_written_by_its_owner_is_trimmed()
    {
        foreach (var kind in Enum.GetValues<DeviceKind>())
        foreach (var phase in Enum.GetValues<DevicePhase>())
        foreach (var use in Enum.GetValues<DeviceUse>())
        foreach (var readOnly in (bool[])[true, false])
        foreach (var key in (DeviceKey[])[DeviceKey.Container("c"), DeviceKey.Stock("c")])
        {
            var device = TestPool.Record(2, key, kind, use) with { Phase = phase, ReadOnly = readOnly };

            Assert.Equal(
                kind == DeviceKind.Container && phase == DevicePhase.Ready && use != DeviceUse.Idle && !readOnly
                    && !key.IsStock,
                TrimRound.IsCandidate(device));
        }
    }

    [Fact]
    public void Each_byte_of_each_device_is_trimmed_once_one_device_after_the_other()
    {
        foreach (var took in (TimeSpan[])[TimeSpan.FromMilliseconds(1), Fair, TimeSpan.FromMilliseconds(50)])
        foreach (var size in (ulong[])[1, 127, 128, 129, 1000, 12_345])
        {
            var devices = new[] { Device(2, size), Device(3, size + 1) };
            var (round, ends) = (Over(devices), new List<ByteSize>());
            foreach (var device in devices)
            {
                var next = ByteSize.Zero;
                while (!round.IsDone && round.Waiting[0] == device.Id)
                {
                    Assert.Equal(next, round.Start);
                    Assert.Equal(ByteSize.Zero, new ByteSize(round.Start.Bytes % TrimRound.Unit.Bytes));
                    Assert.InRange(round.Piece.Bytes, TrimRound.Unit.Bytes, TrimRound.MostPiece.Bytes);
                    next += round.Piece;
                    round = round.After(device, Gave(1, 1), took);
                }
                ends.Add(next);
            }
            Assert.True(round.IsDone);
            Assert.True(ends[0] >= devices[0].Size && ends[1] >= devices[1].Size);
        }
    }

    [Fact]
    public void Xfs_is_trimmed_in_long_pieces_whatever_the_pace()
    {
        var device = Device(2, 10_000) with { FileSystem = FileSystemKind.Xfs };
        var round = Over(device);
        var pieces = 0;
        for (; !round.IsDone; pieces++)
            round = round.After(device, Gave(1, 1), TimeSpan.FromMilliseconds(50));

        Assert.Equal(3, pieces);
    }

    [Fact]
    public void What_came_of_it_is_added_up()
    {
        var device = Device(2, 200);
        var round = Over(device, Device(3, 1));

        round = round.After(device, Gave(100, 40), Fair);
        Assert.Empty(round.Done);
        round = round.After(device, Gave(50, 2), Fair);
        Assert.Equal(
            [new TrimmedDevice(device.Key, ByteSize.MiB(150), ByteSize.MiB(42), ByteSize.MiB(84))], round.Done);
        round = round.Passed();

        Assert.True(round.IsDone);
        Assert.Equal(
            (ByteSize.MiB(150), ByteSize.MiB(42), ByteSize.MiB(84)),
            (round.HandedDown, round.GivenBack, round.Unmapped));
    }

    [Fact]
    public void A_file_system_that_ends_before_its_device_ends_its_turn()
    {
        var device = Device(2, 10_000);

        var round = Over(device).After(
            device, new TrimmedRange(ByteSize.Zero, ByteSize.Zero, ByteSize.Zero, IsEnd: true), Fair);

        Assert.True(round.IsDone);
    }

    [Fact]
    public void A_round_is_due_an_interval_after_the_last_and_ten_minutes_after_it_below_the_marks()
    {
        var daily = new TrimSettings(TimeSpan.FromDays(1), null);
        Assert.Equal(Last.AddDays(1), daily.Due(Last, isHastened: false));
        Assert.Equal(Last.AddMinutes(10), daily.Due(Last, isHastened: true));
        Assert.Equal(Last.AddMinutes(1), new TrimSettings(TimeSpan.FromMinutes(1), null).Due(Last, isHastened: true));
        Assert.Null(TrimSettings.Never.Due(Last, isHastened: false));
        Assert.Null(TrimSettings.Never.Due(Last, isHastened: true));
    }

    [Fact]
    public void A_pause_keeps_both_the_share_of_time_and_the_bandwidth()
    {
        var half = new BackgroundPace(50);
        var took = TimeSpan.FromMilliseconds(100);

        Assert.Equal(took, new TrimSettings(null, null).PauseAfter(took, ByteSize.GiB(9), half));
        Assert.Equal(took, new TrimSettings(null, ByteSize.GiB(1)).PauseAfter(took, ByteSize.MiB(1), half));
        Assert.Equal(
            TimeSpan.FromSeconds(2) - took,
            new TrimSettings(null, ByteSize.GiB(1)).PauseAfter(took, ByteSize.GiB(2), half));
    }

    private static DeviceRecord Device(uint id, ulong mebibytes) =>
        TestPool.Record(id, DeviceKey.Container($"c{id}"), use: DeviceUse.Mounted)
            with { Size = ByteSize.MiB(mebibytes) };

    private static TrimRound Over(params DeviceRecord[] devices) =>
        TrimRound.Over(PoolState.Empty.Restored(devices, []));

    private static TrimmedRange Gave(ulong handedDown, ulong givenBack) =>
        new(ByteSize.MiB(handedDown), ByteSize.MiB(givenBack), ByteSize.MiB(2 * givenBack), IsEnd: false);
}
