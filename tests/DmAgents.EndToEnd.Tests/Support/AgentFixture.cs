using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Kernel;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>One long-lived agent for all tests, its direct pool, and the Debian image in it.</summary>
public sealed class AgentFixture : IAsyncLifetime
{
    internal const string Direct = "direct";
    internal const string Debian = "debian:demo";

    private ImageDetails? _image;

    internal AgentPlaces Places { get; } = new("main");

    internal LinuxKernel Kernel { get; private set; } = null!;

    internal AgentClient Client { get; private set; } = null!;

    internal AgentProcess Agent { get; private set; } = null!;

    internal PoolMeter DirectMeter { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var opened = LinuxKernel.Open();
        Assert.True(opened.Succeeded, $"these tests run in the lab, as root: {opened.Error}");
        Kernel = opened.Value;
        Kernel.Format(Support.Places.StateDisk, FileSystemKind.Ext4).Must();
        var state = new MountPath(Support.Places.State);
        Kernel.Mount(Support.Places.StateDisk, state, FileSystemKind.Ext4, readOnly: false).Must();
        Places.WriteConfig();
        Client = new AgentClient(Places.Socket);
        Agent = await AgentProcess.Start(Places, Client);
        await Client.CreatePool(new CreatePoolRequest
        {
            Name = Direct,
            // Native disks may hold what an earlier run left.
            Force = true,
            Direct = new DirectBacking
            {
                DataDevices = { Support.Places.DataDisk.Value }, MetadataDevice = Support.Places.MetadataDisk.Value,
            },
        });
        DirectMeter = Meter(Direct);
    }

    public async Task DisposeAsync()
    {
        if (Agent is { HasExited: false })
        {
            await Client.RemovePool(Direct);
            await Agent.Terminate();
        }
        Agent?.Dispose();
        Client?.Dispose();
        Kernel?.Unmount(new MountPath(Support.Places.State), detach: true);
        Kernel?.Dispose();
    }

    internal PoolMeter Meter(string pool) => new(Kernel, Client, Places, pool);

    /// <summary>The Debian image, imported when the first test needs it: half a minute.</summary>
    internal async Task<ImageDetails> Image() =>
        _image ??= await Client.Import(Direct, Support.Places.Image, Debian);

    /// <summary>A mounted container of the Debian image, with its file system at rest.</summary>
    internal async Task<Container> Container(string name, ulong? size = null)
    {
        await Image();
        var container = await Client.Create(Direct, name, Debian, size: size);
        Kernel.SyncFileSystem(new MountPath(container.MountPath)).Must();
        return container;
    }
}

[CollectionDefinition(Name)]
public sealed class AgentCollection : ICollectionFixture<AgentFixture>
{
    public const string Name = "one agent";
}
