using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Metadata;

/// <summary>Every source, in every condition of the pool, mounted or not.</summary>
public sealed class MetadataRepairDeciderTests
{
    private static readonly MetadataSource Present = new MetadataSource.Present();
    private static readonly MetadataSource Backup = new MetadataSource.Backup(new BackupName(At));

    private static readonly PoolBacking.Disks Next = Backing with
    {
        Metadata = [Backing.Metadata[0] with { Disk = new DevicePath("/dev/disk3") }],
    };

    private static readonly PoolState Mounted = Pool.Do(Create(Container("web"), use: DeviceUse.Mounted));

    public static TheoryData<string, bool, bool, RefusalKind?> Conditions => new()
    {
        // Condition; a backup; something mounted; what is refused.
        { "closed", false, false, null },
        { "closed", false, true, null },
        { "closed", true, true, null },
        { "writable", false, false, RefusalKind.WrongState },
        { "writable", true, false, null },
        { "writable", true, true, RefusalKind.Busy },
        { "low metadata", false, false, RefusalKind.WrongState },
        { "out of data", false, false, RefusalKind.WrongState },
        { "read-only", false, false, null },
        { "read-only", false, true, RefusalKind.Busy },
        { "needs check", false, false, null },
        { "needs check", false, true, RefusalKind.Busy },
        { "needs check", true, true, RefusalKind.Busy },
        // The kernel has given it up: whoever has it mounted has nothing of it any more.
        { "failed", false, false, null },
        { "failed", false, true, null },
        { "failed", true, true, null },
    };

    [Theory, MemberData(nameof(Conditions))]
    public void A_pool_is_repaired_where_it_needs_it_and_nobody_works_in_it(
        string condition, bool backup, bool mounted, RefusalKind? refused)
    {
        var health = condition switch
        {
            "closed" => null,
            "writable" => Health,
            "low metadata" => HealthOf(PoolMode.ReadWrite, 1, metadataPercent: 99),
            "out of data" => HealthOf(PoolMode.OutOfDataSpace, 100),
            "read-only" => HealthOf(PoolMode.ReadOnly, 1),
            "needs check" => HealthOf(PoolMode.ReadOnly, 1, needsCheck: true),
            _ => HealthOf(PoolMode.Failed, 1),
        };

        var refusal = MetadataRepairDecider.Refuse(mounted ? Mounted : Pool, health, backup ? Backup : Present, Next);

        Assert.Equal(refused, refusal?.Kind);
        if (refused == RefusalKind.Busy)
            Assert.Contains("web", refusal!.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pool_of_someone_else_is_his_to_repair()
    {
        var lvm = Pool with
        {
            Identity = Pool.Identity! with { Backing = new PoolBacking.Existing(new("vg-pool"), OwnedByLvm: true) },
        };

        var refusal = MetadataRepairDecider.Refuse(lvm, HealthOf(PoolMode.Failed, 1), Present, next: null)!;

        Assert.Equal(RefusalKind.WrongState, refusal.Kind);
        Assert.Contains("lvconvert --repair", refusal.Next, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_metadata_lie_where_none_of_the_pool_do_and_have_as_much_room()
    {
        var kept = Pool.After(new PoolEvents.MetadataReplaced(NewRequest(), Next, new TransactionId(1), null, At));
        var another = Next with { Metadata = [Next.Metadata[0] with { Disk = new DevicePath("/dev/disk4") }] };

        Assert.Null(Refuse(Pool, Next));
        Assert.Null(Refuse(kept, another));
        Assert.NotNull(Refuse(Pool, Backing));
        Assert.NotNull(Refuse(kept, Backing));
        Assert.NotNull(Refuse(Pool, Backing with { Metadata = [Backing.Data[0]] }));
        Assert.NotNull(Refuse(Pool, Next with { Data = Next.Metadata }));
        Assert.NotNull(Refuse(Pool, Next with { Metadata = [Next.Metadata[0] with { Length = new(8) }] }));
        Assert.NotNull(Refuse(Pool, Files(2)));
    }

    [Fact]
    public void A_pool_of_files_gets_another_file()
    {
        var pool = Pool with { Identity = Pool.Identity! with { Backing = Files(1) } };
        var kept = pool.After(new PoolEvents.MetadataReplaced(NewRequest(), Files(2), new TransactionId(1), null, At));

        Assert.Null(Refuse(pool, Files(2)));
        Assert.Null(Refuse(kept, Files(3)));
        Assert.NotNull(Refuse(pool, Files(1)));
        Assert.NotNull(Refuse(kept, Files(1)));
        Assert.NotNull(Refuse(pool, Next));
    }

    [Fact]
    public void What_was_replaced_is_kept_until_it_is_given_up_and_the_journal_expects_the_new_ones()
    {
        var request = NewRequest();
        var replaced = Pool.After(
            new PoolEvents.SparesChanged(NewRequest(), [Next.Metadata[0].Disk], At),
            new PoolEvents.CheckpointIntended(new TransactionId(1), new TransactionId(2), At),
            new PoolEvents.MetadataReplaced(request, Next, new TransactionId(1), null, At));

        Assert.Equal(Next, replaced.Identity!.Backing);
        Assert.Equal<KeptMetadata>([new KeptMetadata(Backing.Metadata, File: null, At)], replaced.Kept);
        Assert.Equal(new Checkpoint(new TransactionId(1), Intended: null), replaced.Checkpoint);
        Assert.Empty(replaced.Spares);
        Assert.True(replaced.Requests.Knows(request, out _));
        Assert.True(replaced.Keeps(new DevicePath("/dev/disk2")));
        Assert.Empty(replaced.After(new PoolEvents.KeptMetadataDiscarded(NewRequest(), At)).Kept);
    }

    [Fact]
    public void A_disk_with_metadata_that_are_kept_is_neither_a_part_nor_a_spare()
    {
        var kept = Pool.After(new PoolEvents.MetadataReplaced(NewRequest(), Next, new TransactionId(1), null, At));
        var old = Backing.Metadata[0];

        Assert.Equal(RefusalKind.WrongState, RefusedBy(
            kept, new PoolCommands.Grow(NewRequest(), Next with { Metadata = [.. Next.Metadata, old] }, At)).Kind);
        Assert.Equal(RefusalKind.WrongState, RefusedBy(
            kept, new PoolCommands.Grow(NewRequest(), Next with { Data = [.. Next.Data, old] }, At)).Kind);
        Assert.Equal(
            RefusalKind.WrongState, RefusedBy(kept, new PoolCommands.SetSpares(NewRequest(), [old.Disk], At)).Kind);
    }

    [Fact]
    public void Full_metadata_make_a_pool_read_only_and_are_repaired_by_more_of_them()
    {
        var more = new PoolCommands.Grow(
            NewRequest(), Backing with { Metadata = [.. Backing.Metadata, .. Next.Metadata] }, At);

        Assert.IsType<Decision.Accepted>(PoolDecider.Decide(Pool, HealthOf(PoolMode.ReadOnly, 1), more));
        Assert.IsType<Decision.Refused>(
            PoolDecider.Decide(Pool, HealthOf(PoolMode.ReadOnly, 1, needsCheck: true), more));
    }

    private static Refusal? Refuse(PoolState state, PoolBacking next) =>
        MetadataRepairDecider.Refuse(state, health: null, Present, next);

    private static PoolBacking.LoopFiles Files(int metadata) => new(
        new LoopFilePart(new LoopFile("/state/data.img"), ByteSize.GiB(1)),
        new LoopFilePart(new LoopFile($"/state/metadata-{metadata}.img"), ByteSize.MiB(16)));
}
