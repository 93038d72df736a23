using CsCheck;
using DmAgents.Transfer.Pacing;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Pacing;

public sealed class BandwidthTests
{
    [Fact]
    public void A_bucket_keeps_its_rate_over_any_time_whatever_the_slices_are() =>
        Gen.Select(Gen.Int[1_000, 10_000_000], Gen.Int[1, 300_000].Array[1, 200]).Sample(
            (rate, slices) =>
            {
                var bucket = new TokenBucket(rate, rate / 10, TimeSpan.Zero);
                var now = TimeSpan.Zero;
                var sent = 0L;
                foreach (var slice in slices)
                {
                    var wait = bucket.Wait(now);
                    // A timer would drop the rest, and end too early.
                    Assert.Equal(0, wait.Ticks % TimeSpan.TicksPerMillisecond);
                    now += wait;
                    Assert.Equal(TimeSpan.Zero, bucket.Wait(now));
                    // What left before this slice is what the rate allows, and a pause's savings and one slice.
                    Assert.True(sent <= rate * now.TotalSeconds + rate / 10.0 + slices.Max() + 1);
                    bucket.Take(slice, now);
                    sent += slice;
                }
                // And the link is not left idle: all but the last slice's time was used.
                Assert.True(sent + 1 >= rate * now.TotalSeconds);
            },
            iter: 2000);

    [Fact]
    public void A_pause_saves_up_a_tenth_of_a_second_and_no_more()
    {
        var bucket = new TokenBucket(1000, 100, TimeSpan.Zero);
        bucket.Take(100, TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.Zero, bucket.Wait(TimeSpan.FromHours(1)));
        bucket.Take(500, TimeSpan.FromHours(1));
        Assert.InRange(bucket.Wait(TimeSpan.FromHours(1)).TotalSeconds, 0.5, 0.51);
    }

    [Fact]
    public void Without_a_limit_everything_is_granted_at_once()
    {
        var gate = new BandwidthGate();
        Assert.Equal([new GateTicket(1)], Ask(gate, 1, TransferPriority.Background).Granted);
        Assert.Null(gate.Step(new GateInput.Tick(), TimeSpan.Zero).WakeAt);
    }

    [Fact]
    public void The_more_urgent_is_first_and_within_a_priority_each_has_its_turn()
    {
        var gate = Full();
        Ask(gate, 1, TransferPriority.Normal);
        Ask(gate, 2, TransferPriority.Normal);
        Ask(gate, 3, TransferPriority.Urgent);
        Ask(gate, 4, TransferPriority.Background);
        Assert.Equal([3, 1, 2, 4], Drain(gate, _ => { }, 4));
    }

    [Fact]
    public void A_transfer_that_others_overtake_has_one_grant_in_eight()
    {
        var gate = Full();
        Ask(gate, 100, TransferPriority.Background);
        Ask(gate, 1, TransferPriority.Urgent);
        var order = Drain(
            gate,
            ticket => Ask(gate, ticket, ticket == 100 ? TransferPriority.Background : TransferPriority.Urgent), 80);
        Assert.Equal(10, order.Count(ticket => ticket == 100));
    }

    [Fact]
    public void A_transfer_that_withdraws_leaves_its_place()
    {
        var gate = Full();
        Ask(gate, 1, TransferPriority.Normal);
        Ask(gate, 2, TransferPriority.Normal);
        gate.Step(new GateInput.Withdraw(new GateTicket(1)), TimeSpan.Zero);
        Assert.Equal([2], Drain(gate, _ => { }, 1));
        Assert.Null(gate.Step(new GateInput.Tick(), TimeSpan.FromHours(1)).WakeAt);
    }

    [Fact]
    public async Task A_host_sends_all_its_transfers_bytes_at_its_rate()
    {
        var time = new ManualTime();
        using var host = new HostBandwidth(10_000, time);
        var streams = Enumerable.Range(0, 3).Select(_ => new MemoryStream()).ToArray();
        var writes = streams.Select(stream => Task.Run(async () =>
        {
            var paced = new PacedStream(stream, host, new TransferTurn(), null, time);
            await paced.WriteAsync(new byte[200_000]);
        })).ToArray();
        for (var second = 1; second <= 60; second++)
        {
            await MovedOnAsync(time, writes, TimeSpan.FromSeconds(1));
            // A slice of 16 KiB may be ahead, and a tenth of a second's bytes.
            Assert.InRange(streams.Sum(stream => stream.Length), 0, 10_000 * second + 1_000 + 16 * 1024);
        }
        await MovedOnAsync(time, writes, TimeSpan.FromSeconds(60));
        await Task.WhenAll(writes).WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task A_transfer_keeps_its_own_rate_as_well()
    {
        var time = new ManualTime();
        using var host = new HostBandwidth(null, time);
        var stream = new MemoryStream();
        var paced = new PacedStream(stream, host, new TransferTurn(), 1000, time);
        var write = paced.WriteAsync(new byte[5000]).AsTask();
        while (!write.IsCompleted)
        {
            Assert.InRange(stream.Length, 0, 1000 * time.GetTimestamp() / TimeSpan.TicksPerSecond + 100 + 512);
            if (time.Armed > 0)
                time.Advance(TimeSpan.FromMilliseconds(10));
            else
                await Task.Yield();
        }
        await write;
        Assert.InRange(time.GetTimestamp(), 4 * TimeSpan.TicksPerSecond, 6 * TimeSpan.TicksPerSecond);
    }

    [Fact]
    public async Task Without_a_limit_a_write_is_not_cut_and_with_one_the_next_is()
    {
        using var host = new HostBandwidth(null, TimeProvider.System);
        var stream = new CountedWrites();
        await using var paced = new PacedStream(stream, host, new TransferTurn(), null, TimeProvider.System);
        await paced.WriteAsync(new byte[200_000]);
        Assert.Equal((1, 200_000), (stream.Writes, stream.Length));
        host.SetLimit(1_000_000_000);
        await paced.WriteAsync(new byte[200_000]);
        Assert.Equal((14, 400_000), (stream.Writes, stream.Length));
    }

    private sealed class CountedWrites : MemoryStream
    {
        public int Writes { get; private set; }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            return base.WriteAsync(buffer, cancellationToken);
        }
    }

    /// <summary>Moves the clock, and waits until those that may go on have gone on.</summary>
    private static async Task MovedOnAsync(ManualTime time, Task[] writes, TimeSpan by)
    {
        var end = time.GetTimestamp() + by.Ticks;
        var deadline = Environment.TickCount64 + 120_000;
        while (time.GetTimestamp() < end && !writes.All(write => write.IsCompleted))
        {
            Assert.True(Environment.TickCount64 < deadline, "the transfers hang");
            if (time.Armed > 0)
                time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }
    }

    private static BandwidthGate Full()
    {
        var gate = new BandwidthGate();
        gate.Step(new GateInput.Limit(1000), TimeSpan.Zero);
        gate.Step(new GateInput.Request(new GateTicket(0), TransferPriority.Normal, 1000), TimeSpan.Zero);
        return gate;
    }

    private static (IReadOnlyList<GateTicket> Granted, TimeSpan? WakeAt) Ask(
        BandwidthGate gate, long ticket, TransferPriority priority) =>
        gate.Step(new GateInput.Request(new GateTicket(ticket), priority, 100), TimeSpan.Zero) is var (granted, wakeAt)
            ? (granted, wakeAt)
            : default;

    /// <summary>Wakes the gate when it asks for it.</summary>
    private static List<long> Drain(BandwidthGate gate, Action<long> granted, int count)
    {
        var order = new List<long>();
        var now = TimeSpan.Zero;
        while (order.Count < count)
        {
            var step = gate.Step(new GateInput.Tick(), now);
            foreach (var ticket in step.Granted)
            {
                order.Add(ticket.Value);
                granted(ticket.Value);
            }
            now = step.WakeAt is { } wake && wake > now ? wake : now + TimeSpan.FromMilliseconds(1);
        }
        return order;
    }
}
