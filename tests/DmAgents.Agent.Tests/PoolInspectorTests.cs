using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.UseCases;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Tests;

/// <summary>What the kernel says of a pool is asked for when it is shown.</summary>
public sealed class PoolInspectorTests : IAsyncLifetime
{
    private ServedAgent _agent = null!;

    public async Task InitializeAsync() => _agent = await ServedAgent.Start();

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public void A_live_pool_is_shown_as_the_kernel_has_it()
    {
        var seen = Inspect(ServedAgent.Pool);

        Assert.Equal(DeviceNames.Pool(ServedAgent.Pool), seen.Device);
        Assert.Equal(seen.Device, seen.Live!.Name);
        Assert.Equal(seen.Status!.Data.UsedBytes, seen.DataUsed);
        Assert.Null(seen.HostAllocated);
    }

    [Fact]
    public void A_kernel_that_does_not_answer_leaves_what_was_known_last()
    {
        _agent.Kernel.FailNext(nameof(IKernel.PoolStatus), KernelFault.Failed);
        _agent.Kernel.FailNext(nameof(IKernel.Find), KernelFault.Failed);

        var seen = Inspect(ServedAgent.Pool);

        Assert.Equal(seen.Pool.Health!.Status, seen.Status);
        Assert.Null(seen.Live);
    }

    [Fact]
    public async Task Of_a_pool_of_files_it_is_known_what_they_take_of_the_host()
    {
        var name = new PoolName("trying");
        await _agent.Get<PoolCreator>().Create(
            new CreationAsked(
                new RequestId(Guid.NewGuid()), name,
                new BackingRequest.Loop(Directory: null, ByteSize.MiB(256), MetadataSize: null), BlockSize: null,
                FileSystem: null, Force: false),
            _ => Task.CompletedTask, CancellationToken.None);

        var seen = Inspect(name);

        Assert.Equal(2, seen.Files.Count);
        Assert.Equal(seen.Files[seen.Pool.Paths.DataFile].Allocated, seen.HostAllocated);
    }

    private PoolInspection Inspect(PoolName name) =>
        _agent.Get<PoolInspector>().Inspect(_agent.Gateway.Board.Find(name)!);
}
