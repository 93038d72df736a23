using System.Globalization;
using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>Large devices are discarded in pieces before their thin id is deleted.</summary>
public sealed class DeletionInPiecesSpec : ActorSpec
{
    private const int Block = 64 << 10;

    /// <summary>Two pieces.</summary>
    private const int Many = (int)First + 300;

    /// <summary>What the first piece has.</summary>
    private const ulong First = DiscardPlan.FirstPiece - DiscardPlan.CallBlocks;

    private static readonly PoolSettings InPieces = Settings with { DeleteAtOnce = ByteSize.MiB(1) };

    /// <summary>A piece of a millisecond is followed by a pause of a hundred.</summary>
    private static readonly PoolSettings Slowly = InPieces with { Background = new BackgroundPace(1) };

    [Fact]
    public async Task A_small_device_is_deleted_at_once_and_a_large_one_in_pieces()
    {
        var life = await Opened(InPieces);
        await Written(life, "small", blocks: 10);
        await Written(life, "large", Many);
        life.Kernel.ClearCallLog();

        await life.Done(Ask.Remove("small"));
        await Agrees(life);
        Assert.Equal(0, Discards(life));

        await life.Done(Ask.Remove("large"));
        await Agrees(life);
        Assert.True(Discards(life) >= 2, $"{Discards(life)} discards");
        Assert.Equal(0UL, await OwnBlocksOfPool(life));
    }

    [Fact]
    public async Task What_a_device_shares_is_not_discarded()
    {
        var life = await Opened(InPieces with { DiscardOnRemove = true });
        await Written(life, "making", blocks: 100);
        await life.Done(Ask.Commit("making", Ask.Layer("one")));
        var shared = Used();
        await Written(life, "web", blocks: 3, parent: Ask.Layer("one"));
        life.Kernel.ClearCallLog();

        await life.Done(Ask.Remove("web"));
        await Agrees(life);

        Assert.Equal(1, Discards(life));
        Assert.Equal(shared, Used());
    }

    [Fact]
    public async Task Descendants_go_first_so_that_the_disk_has_all_blocks_back()
    {
        var life = await Opened(InPieces with { DiscardOnRemove = true });
        await Written(life, "making", blocks: 20);
        await life.Done(Ask.Commit("making", Ask.Layer("below")));
        await Written(life, "making", blocks: 30, parent: Ask.Layer("below"), from: 100);
        await life.Done(Ask.Commit("making", Ask.Layer("top")));
        await life.Done(Ask.Tag("app:1", Ask.Layer("top")));
        var (below, top) = (life.State.Find(Ask.Layer("below"))!.Id, life.State.Find(Ask.Layer("top"))!.Id);
        life.Kernel.ClearCallLog();

        await life.Done(Ask.Untag("app:1"));
        await Agrees(life);

        var discarded = life.Kernel.CallLog.Where(call => call.Operation == nameof(IKernel.Discard)).ToList();
        Assert.Equal(
            [TestHost.Thin(top).Path.Value, TestHost.Thin(below).Path.Value],
            discarded.Select(call => call.Subject.Split(' ')[0]));
    }

    [Fact]
    public async Task Blocks_that_were_shared_with_an_heir_who_goes_between_two_pieces_are_discarded_too()
    {
        var life = await Opened(InPieces with { DiscardOnRemove = true });
        var container = await Written(life, "c", blocks: 50);
        await life.Done(Ask.CommitLive("c", Ask.Layer("of-c")));
        Host.Kernel.Write(TestHost.Thin(container.Id).Path, ByteSize.MiB(32), new byte[5 * Block]);
        life.Kernel.ClearCallLog();
        var held = life.Kernel.HoldNext(nameof(IKernel.Discard));
        await life.Done(Ask.Remove("c"));
        await held.Reached;
        var layer = (await life.Done(Ask.Remove(Ask.Layer("of-c")))).Device!;
        await Eventually.Holds(() => !Host.Thins.Contains(layer.Id), () => "the layer is there");

        held.Open();
        await Agrees(life);

        Assert.Equal(55UL, Discarded(life));
    }

    [Fact]
    public async Task Blocks_that_were_shared_with_an_origin_that_went_meanwhile_are_discarded_too()
    {
        var life = await Opened(InPieces with { DiscardOnRemove = true });
        var container = await Written(life, "c", blocks: 50);
        await life.Done(Ask.CommitLive("c", Ask.Layer("of-c")));
        // Five of the shared ones are two different ones from here on.
        Host.Kernel.Write(TestHost.Thin(container.Id).Path, new ByteSize(16 * Block), new byte[5 * Block]);
        life.Kernel.ClearCallLog();
        var held = life.Kernel.HoldNext(nameof(IKernel.Discard));
        await life.Done(Ask.Remove("c"));
        await held.Reached;
        await life.Done(Ask.Remove(Ask.Layer("of-c")));
        await Eventually.Holds(
            () => life.Kernel.CallLog.Count(call => call.Operation == nameof(IKernel.OwnBlocks)) == 2,
            () => "nobody looks at the layer");

        held.Open();
        await Agrees(life);

        Assert.Equal(5UL + 50, Discarded(life));
    }

    [Fact]
    public async Task A_small_deletion_does_not_wait_for_a_large_one()
    {
        var life = await Opened(InPieces);
        await Written(life, "large", Many);
        await Written(life, "small", blocks: 1);
        var held = life.Kernel.HoldNext(nameof(IKernel.Discard));
        var large = (await life.Done(Ask.Remove("large"))).Device!;
        await held.Reached;

        var small = (await life.Done(Ask.Remove("small"))).Device!;

        await Eventually.Holds(() => !Host.Thins.Contains(small.Id), () => "the small one waits");
        Assert.Contains(large.Id, Host.Thins);
        held.Open();
        await Agrees(life);
    }

    [Fact]
    public async Task A_device_that_is_discarded_to_its_end_is_deleted_although_others_are_on_their_way()
    {
        var life = await Opened(InPieces);
        var large = await Written(life, "large", blocks: 100);
        await Written(life, "small", blocks: 1);
        var discarding = life.Kernel.HoldNext(nameof(IKernel.Discard));
        await life.Done(Ask.Remove("large"));
        await discarding.Reached;
        var deleting = life.Kernel.HoldNext(nameof(IKernel.DeleteThin));
        await life.Done(Ask.Remove("small"));
        await deleting.Reached;
        discarding.Open();
        await Eventually.Holds(() => Left(life, large) == 0, () => "it is not discarded");

        deleting.Open();

        await Agrees(life);
        Assert.DoesNotContain(large.Id, Host.Thins);
    }

    [Fact]
    public async Task A_prepare_has_its_turn_between_two_pieces()
    {
        var life = await Opened(Slowly);
        var large = await Written(life, "large", Many);
        life.Kernel.AfterCall = call =>
        {
            // A pause of 20 s for it.
            if (call.Operation == nameof(IKernel.Discard))
                Task.Delay(200).Wait();
        };
        await life.Done(Ask.Remove("large"));
        await Eventually.Holds(
            () => Left(life, large) < Many,
            () => "no piece was discarded");

        await life.Done(Ask.Create("web", use: DeviceUse.Active));

        Assert.Contains(large.Id, Host.Thins);
        Assert.InRange(Left(life, large)!.Value, 1UL, (ulong)Many - 1);
    }

    [Fact]
    public async Task A_stop_waits_for_one_piece_and_the_next_agent_goes_on_with_what_is_left()
    {
        var life = await Opened(Slowly);
        await Written(life, "large", Many);
        var held = life.Kernel.HoldNext(nameof(IKernel.Discard), afterEffect: true);
        await life.Done(Ask.Remove("large"));
        await held.Reached;

        await life.Stops();
        held.Open();
        await life.PoolHasStopped.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(1, Discards(life));

        var next = await Reopened(InPieces);
        await Agrees(next);
        Assert.Equal((ulong)Many - First, Discarded(next));
    }

    [Fact]
    public async Task A_death_between_two_pieces_costs_nothing()
    {
        var life = await Opened(InPieces);
        await Written(life, "large", Many);
        var held = life.Kernel.HoldNext(nameof(IKernel.Discard), afterEffect: true);
        await life.Done(Ask.Remove("large"));
        await held.Reached;
        var death = life.Die();
        held.Open();
        await death;

        var next = await Reopened(InPieces);
        await Agrees(next);
        Assert.Equal((ulong)Many - First, Discarded(next));
    }

    [Fact]
    public async Task A_piece_that_the_kernel_refuses_is_tried_again()
    {
        var life = await Opened(InPieces);
        await Written(life, "large", Many);
        life.Kernel.FailNext(nameof(IKernel.Discard), KernelFault.Failed, count: 2);

        await life.Done(Ask.Remove("large"));

        await Agrees(life);
        Assert.Equal(0UL, await OwnBlocksOfPool(life));
    }

    [Fact]
    public async Task Where_nobody_can_tell_what_is_its_own_all_of_it_is_discarded()
    {
        var life = await Opened(InPieces);
        await Written(life, "large", Many);
        life.Kernel.FailNext(nameof(IKernel.OwnBlocks), KernelFault.Busy);

        await life.Done(Ask.Remove("large"));

        await Agrees(life);
        Assert.Equal(Ask.BaseSize.Bytes / Block, Discarded(life));
    }

    [Fact]
    public async Task At_the_mark_no_pause_is_made_and_one_that_was_begun_ends()
    {
        var life = await OpenedSmall(Slowly);
        var large = await Written(life, "large", Many);
        var other = await Written(life, "other", blocks: 10);
        life.Kernel.AfterCall = call =>
        {
            // A pause of 20 s for it.
            if (call.Operation == nameof(IKernel.Discard) && Discards(life) == 1)
                Task.Delay(200).Wait();
        };
        await life.Done(Ask.Remove("large"));
        await Eventually.Holds(() => Left(life, large) < Many, () => "nothing is discarded");
        await Task.Delay(100);
        Assert.Equal((ulong)Many - First, Left(life, large));

        var written = Host.Kernel.Write(TestHost.Thin(other.Id).Path, ByteSize.MiB(2), new byte[640 * Block]);
        Assert.True(written.Succeeded, written.ToString());
        life.Tell(PoolMessages.LookAtStatus.Instance);

        await Agrees(life);
    }

    [Fact]
    public async Task A_pool_that_is_removed_waits_for_the_piece_under_way()
    {
        var life = await Opened(Slowly);
        await Written(life, "large", Many);
        var held = life.Kernel.HoldNext(nameof(IKernel.Discard));
        await life.Done(Ask.Remove("large"));
        await held.Reached;

        var retired = life.Ask(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));
        held.Open();

        Assert.IsAssignableFrom<PoolReplies.Success>(await retired);
        Assert.True(Host.Kernel.Find(TestHost.Pool).FailedWith(KernelFault.NotFound));
    }

    /// <summary>64 MiB.</summary>
    private async Task<AgentLife> OpenedSmall(PoolSettings settings)
    {
        var life = LiveWithPool(settings);
        await life.Done(Ask.Initialize(TestHost.PoolName, TestHost.PoolUuid, TestHost.Backing with
        {
            Data = [TestHost.Part(TestHost.DataDisk, ByteSize.MiB(64))],
        }));
        return life;
    }

    private async Task<DeviceRecord> Written(
        AgentLife life, string name, int blocks, DeviceKey? parent = null, int from = 16)
    {
        var device = (await life.Done(Ask.Create(name, parent, DeviceUse.Active))).Device!;
        var written = Host.Kernel.Write(
            TestHost.Thin(device.Id).Path, new ByteSize((ulong)from * Block), new byte[blocks * Block]);
        Assert.True(written.Succeeded, written.ToString());
        return device;
    }

    private ulong Used() => Host.Kernel.PoolStatus(TestHost.Pool).Value.Data.Used;

    /// <summary>Beyond what the base has.</summary>
    private async Task<ulong> OwnBlocksOfPool(AgentLife life)
    {
        await Settled(life);
        return Used() - Host.Kernel.ListThins(TestHost.Pool).Value.Single().MappedBlocks;
    }

    private static ulong? Left(AgentLife life, DeviceRecord device) =>
        life.Picture.Deletions.GetValueOrDefault(device.Id)?.BlocksLeft;

    private static int Discards(AgentLife life) =>
        life.Kernel.CallLog.Count(call => call.Operation == nameof(IKernel.Discard));

    private static ulong Discarded(AgentLife life) => life.Kernel.CallLog
        .Where(call => call.Operation == nameof(IKernel.Discard))
        .Aggregate(
            0UL, (sum, call) => sum + (ulong.Parse(call.Subject.Split(' ')[2], CultureInfo.InvariantCulture) / Block));
}
