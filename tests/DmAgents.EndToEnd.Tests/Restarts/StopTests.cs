using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Restarts;

/// <summary>The agent stops and starts.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class StopTests(AgentFixture agent)
{
    private const string Pool = AgentFixture.Direct;

    [Fact]
    public async Task A_stop_leaves_devices_and_mounts_and_a_start_finds_them()
    {
        var container = await agent.Container("kept");
        await using var writer = new Writer(container.MountPath);
        await writer.Advance(5);

        Assert.Equal(0, await agent.Agent.Terminate());

        await writer.Advance(20);
        var mounts = await File.ReadAllTextAsync("/proc/mounts");
        Assert.Contains($" {container.MountPath} ", mounts, StringComparison.Ordinal);
        await agent.Agent.Restart(agent.Client);
        await writer.Advance(5);
        await writer.MustBeUnharmed();
        var found = await agent.Client.ShowContainer(Pool, "kept");
        Assert.Equal((DeviceState.Mounted, container.ThinId), (found.State, found.ThinId));
        Assert.Equal(container.MountPath, found.MountPath);
        await agent.Client.MustAgree(Pool);
        await agent.Client.Remove(Pool, "kept");
    }

    /// <summary>As after a reboot: the disks are there, and nothing of device-mapper is live.</summary>
    [Fact]
    public async Task A_start_brings_back_pools_devices_and_mounts_when_only_the_disks_are_left()
    {
        const string Loop = "reborn-loop";
        var mounted = await agent.Container("reborn");
        await agent.Container("reborn-idle");
        await agent.Client.Unmount(Pool, "reborn-idle");
        await agent.Client.CreateLoopPool(Loop, 256UL << 20);
        await agent.Client.Import(Loop, await SmallImage.Write("reborn"), "small:1");
        var onLoop = await agent.Client.Create(Loop, "reborn", "small:1");
        var digests = new List<string>
        {
            await Files.Write($"{mounted.MountPath}/kept", 4 << 20, seed: 9),
            await Files.Write($"{onLoop.MountPath}/kept", 4 << 20, seed: 10),
        };
        await agent.Agent.Terminate();
        TakeDownEverything();
        Assert.False(File.Exists($"{mounted.MountPath}/kept"));

        await agent.Agent.Restart(agent.Client);

        Assert.Equal(digests,
            [await Files.Digest($"{mounted.MountPath}/kept"), await Files.Digest($"{onLoop.MountPath}/kept")]);
        Assert.Equal(DeviceState.Mounted, (await agent.Client.ShowContainer(Loop, "reborn")).State);
        Assert.Equal(DeviceState.Idle, (await agent.Client.ShowContainer(Pool, "reborn-idle")).State);
        Assert.Empty(Directory.EnumerateFileSystemEntries(agent.Places.Mount(Pool, "reborn-idle")));
        await agent.Client.MustAgree(Pool);
        await agent.Client.MustAgree(Loop);
        await agent.Client.RemovePool(Loop);
        await agent.Client.Remove(Pool, "reborn");
        await agent.Client.Remove(Pool, "reborn-idle");
    }

    /// <summary>Mounts first, then thin devices, pools, what pools lie on, and loop devices.</summary>
    private void TakeDownEverything()
    {
        var pools = $"{agent.Places.StateDirectory}/pools";
        foreach (var mount in agent.Kernel.Mounts().Must().Where(
            m => m.Target.Value.StartsWith(pools, StringComparison.Ordinal)))
            agent.Kernel.Unmount(mount.Target, detach: false).Must();
        var devices = agent.Kernel.ListDevices(DeviceNames.UuidPrefix).Must().ToList();
        foreach (var ending in new[] { "", "-pool", "-data", "-meta" })
        {
            foreach (var device in devices.Where(d => IsOf(d, ending)).ToList())
            {
                agent.Kernel.Remove(device.Name, deferred: false).Must();
                devices.Remove(device);
            }
        }
        Assert.Empty(devices);
        foreach (var file in Directory.EnumerateFiles(pools, "*.img", SearchOption.AllDirectories))
            agent.Kernel.DetachLoop(new LoopFile(file)).Must();
    }

    /// <summary>A thin device ends in its thin id.</summary>
    private static bool IsOf(LiveDevice device, string ending) => ending.Length > 0
        ? device.Uuid.Value.EndsWith(ending, StringComparison.Ordinal)
        : char.IsAsciiDigit(device.Name.Value[^1]);
}
