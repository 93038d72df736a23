using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Images;

/// <summary>An import whose client goes leaves nothing, without a restart of the agent.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class CancelledImportTests(AgentFixture agent)
{
    private const string Pool = AgentFixture.Direct;
    private const string Image = "e2e/cancelled:1";
    private const int MiB = 1 << 20;

    [Theory]
    [InlineData("INT")]
    [InlineData("KILL")]
    public async Task While_it_is_sent(string signal)
    {
        await agent.Image();
        var archive = await File.ReadAllBytesAsync(await SmallImage.Write("sent", dataLength: 8 * MiB, seed: 60));
        var before = await Before(Pool);
        using var import = CliImport.Start(agent.Places, Pool, "-", Image);
        await import.Send(archive.AsMemory(0, 4 * MiB));
        await Archives.Arrive(agent.Agent, 4 * MiB);

        await Cancel(import, signal);

        await before.MustBeGone(agent.Agent);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("KILL")]
    public async Task While_it_fills_a_layer_upon_one_that_is_committed(string signal)
    {
        await agent.Image();
        var lower = await SmallImage.Write("applied-lower", dataLength: MiB, seed: 61);
        var upper = await SmallImage.Write("applied-upper", dataLength: 24 * MiB, seed: 62);
        var (layout, layers) = await OciLayout.Write("applied", lower, upper);
        var before = await Before(Pool);
        await using var disk = await HeldDisk.Keep(agent, layers[1], readable: 8 * MiB);
        using var import = CliImport.Start(agent.Places, Pool, layout, Image);
        await Patience.Until(
            () => ImportTraces.Mounts(agent.Places, Pool) is [var mount] && File.Exists($"{mount}/data")
                && new FileInfo($"{mount}/data").Length >= 4 * MiB,
            "a layer is half filled");

        await Cancel(import, signal);
        disk.LetGo();

        await before.MustBeGone(agent.Agent);
        Assert.True(File.Exists(layers[0]), "the archive is the caller's");
    }

    [Fact]
    public async Task While_the_base_of_its_first_layer_is_formatted()
    {
        const string First = "cancelled-base";
        var formats = $"{Places.Work}/formats";
        await agent.Client.CreateLoopPool(First, 256UL << 20);
        // The base is the pool's, and stays.
        var archive = await SmallImage.Write(First, dataLength: MiB, seed: 63);
        await using (await MkfsStandIn.Put(
            "mkfs.ext4", $"mkfifo {formats}; cat {formats}; exec $REAL \"$@\""))
        {
            using var import = CliImport.Start(agent.Places, First, archive, Image);
            await Patience.Until(() => File.Exists(formats), "mkfs is called");

            await Cancel(import, "KILL");
            await File.WriteAllTextAsync(formats, "go on");
            // The base is in the pool from before its format on, and live until after it.
            await Patience.Until(
                () => agent.Kernel.Find(DeviceNames.Thin(new PoolName(First), new ThinId(1)))
                        .FailedWith(KernelFault.NotFound)
                    && agent.Meter(First).ThinIds().Count == 1
                    && ImportTraces.Mounts(agent.Places, First).Count == 0,
                "the base is formatted, and left alone");
        }

        var before = await Before(First);
        await before.MustBeGone(agent.Agent);
        Assert.Equal([1U], agent.Meter(First).ThinIds());
        await agent.Client.Import(First, archive, Image);
        await agent.Client.RemovePool(First);
    }

    [Fact]
    public async Task While_the_disk_with_the_pools_metadata_hangs_and_the_snapshot_is_made()
    {
        await using var disk = await LoopDisk.Attach("cancelled-snapshot", mebibytes: 256);
        // A reading of the pool's status would hang as well.
        await using var own = await OwnAgent.Start(
            agent, "cancelled-snapshot", "status-interval = 1h", disk: new DevicePath(disk.Path));
        var archive = await SmallImage.Write("never", dataLength: MiB, seed: 64);
        var before = await ImportTraces.Before(agent.Kernel, own.Client, own.Places, own.Pool);
        var metadata = DeviceNames.Metadata(new PoolName(own.Pool));
        agent.Kernel.Suspend(metadata, freeze: false).Must();
        try
        {
            using var import = CliImport.Start(own.Places, own.Pool, archive, Image);
            await own.Process.HangsInTheKernel();

            await Cancel(import, "KILL", own.Process);
        }
        finally
        {
            agent.Kernel.Resume(metadata).Must();
        }

        await before.MustBeGone(own.Process);
    }

    /// <summary>The agent dies with a part of an archive; the next one finds the space back.</summary>
    [Fact]
    public async Task What_an_agent_had_received_when_it_was_killed_is_gone_after_its_next_start()
    {
        const int Size = 96 * MiB;
        await using var own = await OwnAgent.Start(agent, "killed-receiving");
        var free = FreeOf(own.Places);
        using var import = CliImport.Start(own.Places, own.Pool, "-", Image);
        await import.Send(new byte[Size]);
        await Archives.Arrive(own.Process, Size - MiB);
        Assert.True(FreeOf(own.Places) < free - (Size / 2), "the archive takes no space");

        await own.Process.Kill();
        Assert.Equal(6, (await import.End()).Status);
        await Archives.Leave(own.Places, Size);
        await own.Restart();

        Assert.Empty(Archives.Named(own.Places));
        Assert.Empty(await Archives.Of(own.Process));
        await Patience.Until(
            () => FreeOf(own.Places) > free - (Size / 8), "the space of both archives is free again");
        await own.Client.MustAgree(own.Pool);
    }

    private Task<ImportTraces> Before(string pool) =>
        ImportTraces.Before(agent.Kernel, agent.Client, agent.Places, pool);

    private Task Cancel(CliImport import, string signal) => Cancel(import, signal, agent.Agent);

    /// <summary>Returns when the client has ended, and the agent has seen it.</summary>
    private static async Task Cancel(CliImport import, string signal, AgentProcess process)
    {
        var connections = process.Sockets;
        await import.Signal(signal);
        Assert.NotEqual(0, (await import.End()).Status);
        await Patience.Until(() => process.Sockets < connections, "the agent sees that the client is gone");
    }

    private static long FreeOf(AgentPlaces places) => new DriveInfo(places.StateDirectory).AvailableFreeSpace;
}
