using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Pools;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>Large devices are discarded in pieces before their thin id is deleted.</summary>
public sealed class DeletionInPiecesSpec : PoolSpec
{
    private const int Block = 64 << 10;

    /// <summary>Two pieces.</summary>
    private const int Many = (int)First + 300;

    /// <summary>The number of blocks in the first piece.</summary>
    private const ulong First = DiscardPlan.FirstPiece - DiscardPlan.CallBlocks;

    private static readonly PoolSettings InPieces = Settings with { DeleteAtOnce = ByteSize.MiB(1) };

    /// <summary>A pause of about a hundred milliseconds follows a piece of one millisecond.</summary>
    private static readonly PoolSettings Slowly = InPieces with { Background = new BackgroundPace(1) };

    [Fact]
    public void A_small_device_is_deleted_at_once_and_a_large_one_in_pieces()
    {
        var life = Opened(InPieces);
        Written(life, "small", blocks: 10);
        Written(life, "large", Many);
        life.Kernel.ClearCallLog();

        life.Done(Ask.Remove("small"));
        Agrees(life);
        Assert.Equal(0, Discards(life));

        life.Done(Ask.Remove("large"));
        Agrees(life);
        Assert.True(Discards(life) >= 2, $"{Discards(life)} discards");
        Assert.Equal(0UL, OwnBlocksOfPool(life));
    }

    [Fact]
    public void What_a_device_shares_is_not_discarded()
    {
        var life = Opened(InPieces with { DiscardOnRemove = true });
        Written(life, "making", blocks: 100);
        life.Done(Ask.Commit("making", Ask.Layer("one")));
        var shared = Used();
        Written(life, "web", blocks: 3, parent: Ask.Layer("one"));
        life.Kernel.ClearCallLog();

        life.Done(Ask.Remove("web"));
        Agrees(life);

        Assert.Equal(1, Discards(life));
        Assert.Equal(shared, Used());
    }

    [Fact]
    public void Descendants_go_first_so_that_the_disk_has_all_blocks_back()
    {
        var life = Opened(InPieces with { DiscardOnRemove = true });
        Written(life, "making", blocks: 20);
        life.Done(Ask.Commit("making", Ask.Layer("below")));
        Written(life, "making", blocks: 30, parent: Ask.Layer("below"), from: 100);
        life.Done(Ask.Commit("making", Ask.Layer("top")));
        life.Done(Ask.Tag("app:1", Ask.Layer("top")));
        var (below, top) = (life.State.Find(Ask.Layer("below"))!.Id, life.State.Find(Ask.Layer("top"))!.Id);
        life.Kernel.ClearCallLog();

        life.Done(Ask.Untag("app:1"));
        Agrees(life);

        var discarded = life.Kernel.CallLog.Where(call => call.Operation == nameof(IKernel.Discard)).ToList();
        Assert.Equal(
            [TestHost.Thin(top).Path.Value, TestHost.Thin(below).Path.Value],
            discarded.Select(call => call.Subject.Split(' ')[0]));
    }

    [Fact]
    public void Blocks_that_were_shared_with_an_heir_who_goes_between_two_pieces_are_discarded_too()
    {
        var life = Opened(InPieces with { DiscardOnRemove = true });
        var container = Written(life, "c", blocks: 50);
        life.Done(Ask.CommitLive("c", Ask.Layer("of-c")));
        Host.Kernel.Write(TestHost.Thin(container.Id).Path, ByteSize.MiB(32), new byte[5 * Block]);
        life.Kernel.ClearCallLog();
        var held = life.Kernel.HoldNext(nameof(IKernel.Discard));
        life.Done(Ask.Remove("c"));
        life.Reach(held);
        var layer = life.Done(Ask.Remove(Ask.Layer("of-c"))).Device!;
        life.RunUntil(() => !Host.Thins.Contains(layer.Id), () => "the layer is there");

        held.Open();
        Agrees(life);

        Assert.Equal(55UL, Discarded(life));
    }

    [Fact]
    public void Blocks_that_were_shared_with_an_origin_that_went_meanwhile_are_discarded_too()
    {
        var life = Opened(InPieces with { DiscardOnRemove = true });
        var container = Written(life, "c", blocks: 50);
        life.Done(Ask.CommitLive("c", Ask.Layer("of-c")));
        // Five of the shared blocks become two different blocks each.
        Host.Kernel.Write(TestHost.Thin(container.Id).Path, new ByteSize(16 * Block), new byte[5 * Block]);
        life.Kernel.ClearCallLog();
        var held = life.Kernel.HoldNext(nameof(IKernel.Discard));
        life.Done(Ask.Remove("c"));
        life.Reach(held);
        life.Done(Ask.Remove(Ask.Layer("of-c")));
        life.RunUntil(
            () => life.Kernel.CallLog.Count(call => call.Operation == nameof(IKernel.OwnBlocks)) == 2,
            () => "nobody looks at the layer");

        held.Open();
        Agrees(life);

        Assert.Equal(5UL + 50, Discarded(life));
    }

    [Fact]
    public void A_small_deletion_does_not_wait_for_a_large_one()
    {
        var life = Opened(InPieces);
        Written(life, "large", Many);
        Written(life, "small", blocks: 1);
        var held = life.Kernel.HoldNext(nameof(IKernel.Discard));
        var large = life.Done(Ask.Remove("large")).Device!;
        life.Reach(held);

        var small = life.Done(Ask.Remove("small")).Device!;

        life.RunUntil(() => !Host.Thins.Contains(small.Id), () => "the small one waits");
        Assert.Contains(large.Id, Host.Thins);
        held.Open();
        Agrees(life);
    }

    [Fact]
    public void A_device_that_is_discarded_to_its_end_is_deleted_although_others_are_on_their_way()
    {
        var life = Opened(InPieces);
        var large = Written(life, "large", blocks: 100);
        Written(life, "small", blocks: 1);
        var discarding = life.Kernel.HoldNext(nameof(IKernel.Discard));
        life.Done(Ask.Remove("large"));
        life.Reach(discarding);
        var deleting = life.Kernel.HoldNext(nameof(IKernel.DeleteThin));
        life.Done(Ask.Remove("small"));
        life.Reach(deleting);
        discarding.Open();
        life.RunUntil(() => Left(life, large) == 0, () => "it is not discarded");

        deleting.Open();

        Agrees(life);
        Assert.DoesNotContain(large.Id, Host.Thins);
    }

    [Fact]
    public void A_prepare_has_its_turn_between_two_pieces()
    {
        var life = Opened(Slowly);
        var large = Written(life, "large", Many);
        life.Kernel.AfterCall = call =>
        {
            // This causes a pause of 20 s.
            if (call.Operation == nameof(IKernel.Discard))
                Host.Clock.Set(Host.Clock.GetUtcNow() + TimeSpan.FromMilliseconds(200));
        };
        life.Done(Ask.Remove("large"));
        life.RunUntil(
            () => Left(life, large) < Many,
            () => "no piece was discarded");

        life.Done(Ask.Create("web", use: DeviceUse.Active));

        Assert.Contains(large.Id, Host.Thins);
        Assert.InRange(Left(life, large)!.Value, 1UL, (ulong)Many - 1);
    }

    [Fact]
    public void A_stop_waits_for_one_piece_and_the_next_agent_goes_on_with_what_is_left()
    {
        var life = Opened(Slowly);
        Written(life, "large", Many);
        var held = life.Kernel.HoldNext(nameof(IKernel.Discard), afterEffect: true);
        life.Done(Ask.Remove("large"));
        life.Reach(held);

        life.Stops();
        held.Open();
        life.Ends();
        Assert.Equal(1, Discards(life));

        var next = Reopened(InPieces);
        Agrees(next);
        Assert.Equal((ulong)Many - First, Discarded(next));
    }

    [Fact]
    public void A_death_between_two_pieces_costs_nothing()
    {
        var life = Opened(InPieces);
        Written(life, "large", Many);
        var held = life.Kernel.HoldNext(nameof(IKernel.Discard), afterEffect: true);
        life.Done(Ask.Remove("large"));
        life.Reach(held);
        life.Die(held);

        var next = Reopened(InPieces);
        Agrees(next);
        Assert.Equal((ulong)Many - First, Discarded(next));
    }

    [Fact]
    public void A_piece_that_the_kernel_refuses_is_tried_again()
    {
        var life = Opened(InPieces);
        Written(life, "large", Many);
        life.Kernel.FailNext(nameof(IKernel.Discard), KernelFault.Failed, count: 2);

        life.Done(Ask.Remove("large"));

        Agrees(life);
        Assert.Equal(0UL, OwnBlocksOfPool(life));
    }

    [Fact]
    public void Where_nobody_can_tell_what_is_its_own_all_of_it_is_discarded()
    {
        var life = Opened(InPieces);
        Written(life, "large", Many);
        life.Kernel.FailNext(nameof(IKernel.OwnBlocks), KernelFault.Busy);

        life.Done(Ask.Remove("large"));

        Agrees(life);
        Assert.Equal(Ask.BaseSize.Bytes / Block, Discarded(life));
    }

    [Fact]
    public void At_the_mark_no_pause_is_made_and_one_that_was_begun_ends()
    {
        var life = OpenedSmall(Slowly);
        var large = Written(life, "large", Many);
        var other = Written(life, "other", blocks: 10);
        life.Kernel.AfterCall = call =>
        {
            // This causes a pause of 20 s.
            if (call.Operation == nameof(IKernel.Discard) && Discards(life) == 1)
                Host.Clock.Set(Host.Clock.GetUtcNow() + TimeSpan.FromMilliseconds(200));
        };
        life.Done(Ask.Remove("large"));
        life.RunUntil(() => Left(life, large) < Many, () => "nothing is discarded");
        life.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal((ulong)Many - First, Left(life, large));

        var written = Host.Kernel.Write(TestHost.Thin(other.Id).Path, ByteSize.MiB(2), new byte[640 * Block]);
        Assert.True(written.Succeeded, written.ToString());
        life.Tell(PoolInputs.LookAtStatus.Instance);

        Agrees(life);
    }

    [Fact]
    public void A_pool_that_is_removed_waits_for_the_piece_under_way()
    {
        var life = Opened(Slowly);
        Written(life, "large", Many);
        var held = life.Kernel.HoldNext(nameof(IKernel.Discard));
        life.Done(Ask.Remove("large"));
        life.Reach(held);

        var retired = life.Ask(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));
        held.Open();

        Assert.IsAssignableFrom<PoolReplies.Success>(retired.Value);
        Assert.True(Host.Kernel.Find(TestHost.Pool).FailedWith(KernelFault.NotFound));
    }

    /// <summary>64 MiB.</summary>
    private PoolLife OpenedSmall(PoolSettings settings)
    {
        var life = Live(settings);
        life.Done(Ask.Initialize(TestHost.PoolName, TestHost.PoolUuid, TestHost.Backing with
        {
            Data = [TestHost.Part(TestHost.DataDisk, ByteSize.MiB(64))],
        }));
        return life;
    }

    private DeviceRecord Written(
        PoolLife life, string name, int blocks, DeviceKey? parent = null, int from = 16)
    {
        var device = life.Done(Ask.Create(name, parent, DeviceUse.Active)).Device!;
        var written = Host.Kernel.Write(
            TestHost.Thin(device.Id).Path, new ByteSize((ulong)from * Block), new byte[blocks * Block]);
        Assert.True(written.Succeeded, written.ToString());
        return device;
    }

    private ulong Used() => Host.Kernel.PoolStatus(TestHost.Pool).Value.Data.Used;

    /// <summary>The blocks in addition to the base's.</summary>
    private ulong OwnBlocksOfPool(PoolLife life)
    {
        Settled(life);
        return Used() - Host.Kernel.ListThins(TestHost.Pool).Value.Single().MappedBlocks;
    }

    private static ulong? Left(PoolLife life, DeviceRecord device) =>
        life.Machine.PendingDeletions.GetValueOrDefault(device.Id)?.BlocksLeft;

    private static int Discards(PoolLife life) =>
        life.Kernel.CallLog.Count(call => call.Operation == nameof(IKernel.Discard));

    private static ulong Discarded(PoolLife life) => life.Kernel.CallLog
        .Where(call => call.Operation == nameof(IKernel.Discard))
        .Aggregate(
            0UL, (sum, call) => sum + (ulong.Parse(call.Subject.Split(' ')[2], CultureInfo.InvariantCulture) / Block));
}
