using System.Collections.Immutable;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Tests;

/// <summary>Which requests read a pool's metadata; those that do so do not wait for a backup, which reads them for
/// long.</summary>
public sealed class MetadataReadingTests : IAsyncLifetime
{
    /// <summary>Below the time for which a call of the kernel is held, so that a request that waits for it fails.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly DeviceKey Layer = DeviceKey.Layer("sha256:" + new string('a', 64));

    private ServedAgent _agent = null!;

    private Containers.ContainersClient Containers => new(_agent.AdminChannel);

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start();
        var making = DeviceKey.Container("making");
        var none = ImmutableSortedDictionary<string, string>.Empty;
        await _agent.Do(new PoolCommands.CreateSnapshot(
            NewRequest(), making, Parent: null, Size: null, FileSystem: null, DeviceUse.Idle, none,
            DateTimeOffset.UnixEpoch));
        await _agent.Do(new PoolCommands.Commit(NewRequest(), making, Layer, none, DateTimeOffset.UnixEpoch));
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_creation_of_a_container_reads_no_metadata(bool mount)
    {
        _agent.Kernel.ClearCallLog();

        await Create("web", mount);

        var calls = _agent.Kernel.CallLog;
        Assert.Contains(calls, call => call.Operation == nameof(IKernel.CreateSnapshot));
        Assert.DoesNotContain(calls, call => call.Operation is nameof(IKernel.ListThins)
            or nameof(IKernel.MeasureThins) or nameof(IKernel.MeasureAboveOrigins) or nameof(IKernel.OwnBlocks)
            or nameof(IKernel.ChangedRanges) or nameof(IKernel.DumpMetadata) or nameof(IKernel.ReadMetadata));
    }

    [Fact]
    public async Task Containers_are_created_listed_and_shown_while_a_backup_reads_the_metadata()
    {
        await Create("web", mount: true);
        await using var backup = await HeldBackup.Begin(_agent);

        await Create("new", mount: true);
        var listed = await Containers.ListAsync(new ListContainersRequest()).ResponseAsync.WaitAsync(Patience);
        var shown = await Containers.ShowAsync(new ShowContainerRequest { Container = "web" })
            .ResponseAsync.WaitAsync(Patience);

        Assert.False(backup.HasEnded);
        Assert.Equal(["new", "web"], listed.Containers.Select(container => container.Name));
        // What the backup reads is of the time before the new container.
        Assert.Equal([false, true], listed.Containers.Select(container => container.HasMappedBytes));
        Assert.True(shown.HasExclusiveBytes);
    }

    [Fact]
    public async Task containerd_hears_a_snapshots_usage_while_a_backup_reads_the_metadata()
    {
        await _agent.Snapshots.PrepareAsync(new PrepareSnapshotRequest { Snapshotter = "dmagents", Key = "a" });
        await using var backup = await HeldBackup.Begin(_agent);

        var usage = await _agent.Snapshots.UsageAsync(new UsageRequest { Snapshotter = "dmagents", Key = "a" })
            .ResponseAsync.WaitAsync(Patience);

        Assert.False(backup.HasEnded);
        Assert.True(usage.Size > 0);
    }

    private Task<Container> Create(string name, bool mount) => Containers.CreateAsync(new CreateContainerRequest
    {
        RequestId = $"{Guid.NewGuid()}", Name = name, LayerChainId = Layer.Name, Mount = mount,
    }).ResponseAsync.WaitAsync(Patience);

    private static RequestId NewRequest() => new(Guid.NewGuid());
}
