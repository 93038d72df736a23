using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Units;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Planning;

/// <summary>What a pool is made of is found from where it lies, and from its own metadata.</summary>
public sealed class AdoptedBackingTests
{
    private static readonly PoolPaths Paths = new("/state", new PoolName("fast"));
    private static readonly PoolUuid Uuid = new(new Guid("11111111-2222-3333-4444-555555555555"));
    private static readonly PoolBlockSize BlockSize = new(ByteSize.KiB(128));

    private readonly SimulatedKernel _kernel = new();
    private readonly DevicePath _a;
    private readonly DevicePath _b;
    private readonly DevicePath _c;

    public AdoptedBackingTests()
    {
        _a = _kernel.AddDisk("/dev/test-a", ByteSize.MiB(100));
        _b = _kernel.AddDisk("/dev/test-b", ByteSize.MiB(70));
        _c = _kernel.AddDisk("/dev/test-c", ByteSize.MiB(40));
    }

    public static TheoryData<string> Kinds =>
        ["direct", "single", "single with more metadata", "loop", "loop in the pool's own directory", "loop elsewhere"];

    [Theory, MemberData(nameof(Kinds))]
    public void It_is_found_as_it_was_made_live_or_not(string kind)
    {
        var request = RequestOf(kind);
        var pool = Made(request);
        var without = request switch
        {
            BackingRequest.SingleDisk single => single with { MetadataSize = null },
            BackingRequest.Loop loop => loop with { DataSize = default, MetadataSize = null },
            _ => request,
        };

        Assert.Equal(pool.Identity.Backing, Found(without).Backing);
        Assert.Equal(KernelResult.Done, new AssemblyEffects(_kernel, pool).Close());
        var found = Found(without);

        Assert.Equal(pool.Identity.Backing, found.Backing);
        Assert.Equal(BlockSize, found.BlockSize);
        Assert.Empty(_kernel.ListDevices("").Value);
        new BackingPlanner(_kernel).PlanAdoption(Paths, without, out var owner);
        Assert.Equal(request is BackingRequest.Loop ? null : Uuid, owner);
    }

    [Fact]
    public void Disks_that_are_not_the_pools_or_not_all_of_it_are_refused()
    {
        var pool = Made(RequestOf("direct"));
        Assert.Equal(KernelResult.Done, new AssemblyEffects(_kernel, pool).Close());

        // The labels do not tell the order.
        Assert.Single(Found(RequestOf("direct")).Warnings);
        Refused(new BackingRequest.Direct([_a], _c), "that is not what is named");
        Refused(new BackingRequest.Direct([_a, _a], _c), "named twice");
        Refused(new BackingRequest.Direct([_a, _c], _b), "no metadata of a pool");
        Refused(new BackingRequest.SingleDisk(_a, null), "no metadata of a pool");
        Refused(new BackingRequest.SingleDisk(_c, null), "that is not what is named");
        Refused(new BackingRequest.Direct([_a, _kernel.AddDisk("/dev/blank", ByteSize.MiB(70))], _c), "no label");
        Assert.Contains(
            "belongs to pool fast",
            Assert.IsType<BackingPlan.Refused>(new BackingPlanner(_kernel).PlanAdoption(
                new PoolPaths("/state", new PoolName("other")), RequestOf("direct"), out _)).Refusal.Why,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_pool_of_someone_else_is_taken_as_it_is_and_one_of_the_agent_is_not()
    {
        Made(RequestOf("direct"));

        Refused(new BackingRequest.Existing(DeviceNames.Pool(Paths.Pool)), "the agent itself");
        Refused(new BackingRequest.Existing(new MappedName("vg-pool")), "no such mapped device");
        Refused(new BackingRequest.Loop(null, default, null), "data.img");
    }

    private BackingRequest RequestOf(string kind) => kind switch
    {
        "direct" => new BackingRequest.Direct([_a, _b], _c),
        "single" => new BackingRequest.SingleDisk(_a, null),
        "single with more metadata" => new BackingRequest.SingleDisk(_a, ByteSize.MiB(30)),
        "loop" => new BackingRequest.Loop(null, ByteSize.MiB(64), ByteSize.MiB(20)),
        "loop in the pool's own directory" =>
            new BackingRequest.Loop(new MountPath(Paths.Root), ByteSize.MiB(64), ByteSize.MiB(20)),
        _ => new BackingRequest.Loop(new MountPath("/srv/pools"), ByteSize.MiB(64), null),
    };

    private PoolContext Made(BackingRequest request)
    {
        var plan = Assert.IsType<BackingPlan.Planned>(
            new BackingPlanner(_kernel).Plan(Paths, request, BlockSize, force: false));
        var identity = new PoolIdentity(
            Uuid, Paths.Pool, plan.Backing, plan.BlockSize, FileSystemKind.Ext4, Given.BaseSize, Given.At);
        var pool = new PoolContext(identity, Paths, DiscardOnRemove: false);
        var assembly = new AssemblyEffects(_kernel, pool);
        Assert.Equal(KernelResult.Done, assembly.Prepare().Then(assembly.Open));
        Assert.True(_kernel.SetTransactionId(pool.Device, new(0), new(1)).Succeeded);
        return pool;
    }

    private BackingPlan.Planned Found(BackingRequest request) => Assert.IsType<BackingPlan.Planned>(
        new BackingPlanner(_kernel).PlanAdoption(Paths, request, out _));

    private void Refused(BackingRequest request, string why) => Assert.Contains(
        why, Assert.IsType<BackingPlan.Refused>(
            new BackingPlanner(_kernel).PlanAdoption(Paths, request, out _)).Refusal.Why, StringComparison.Ordinal);
}
