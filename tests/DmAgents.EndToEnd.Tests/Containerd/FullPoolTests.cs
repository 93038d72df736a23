using System.Formats.Tar;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Testing.Contracts;
using Grpc.Core;

namespace DmAgents.EndToEnd.Tests.Containerd;

/// <summary>A pool that gets full refuses containerd in words and with the status that it knows, before containers meet
/// an error.</summary>
[Collection(ContainerdCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class FullPoolTests(ContainerdFixture host)
{
    private const int MiB = 1 << 20;

    /// <summary>pool.min-free-data-percent, as it is unless set.</summary>
    private const double Mark = 10;

    [Fact]
    public async Task Below_its_mark_the_pool_takes_no_new_snapshots_and_heals_when_an_image_is_removed()
    {
        await host.BeginWithImage();
        var before = await host.Meter.Content();
        await ContainerdProcess.MustImport(await ZerosImage("large", 150 * MiB));
        var running = await RunningContainer.Start("filling");
        for (var i = 0; host.Meter.Status.Data.FreePercent >= Mark; i++)
        {
            await Files.Write($"{running.Root}/filled-{i}", 8 * MiB, seed: i);
            host.Kernel.SyncFileSystem(new MountPath(running.Root)).Must();
        }
        Assert.True(host.Meter.Status.Data.Free > 0, "the pool is full already");

        Eventually.True(
            () => host.Client.Show(ContainerdFixture.Pool).Result.State == PoolState.LowData, "the agent has seen it");

        Assert.Equal(StatusCode.ResourceExhausted, await Refusal());
        var run = await RunningContainer.Try("one-more");
        Assert.NotEqual(0, run.Status);
        Assert.Contains("free", run.Errors, StringComparison.Ordinal);
        Assert.NotEqual(0, (await ContainerdProcess.Import(await ZerosImage("small", MiB))).Status);
        await running.MustBeUnharmed();

        await ContainerdProcess.RemoveImage("large:1");
        await host.Meter.AwaitRemovals();
        Eventually.True(() => Refusal().Result is null, "the pool takes new snapshots");
        var after = await RunningContainer.Start("after");
        await after.MustBeUnharmed();
        await running.MustBeUnharmed();
        await after.Stop();
        await running.Stop();
        await host.MustAgree();
        Assert.Equal(before, await host.Meter.Content());
    }

    /// <summary>An image that is small packed and large in a pool, "NAME:1".</summary>
    private static async Task<string> ZerosImage(string name, int length)
    {
        var zeros = $"{Places.Work}/{name}-zeros";
        await using (var file = File.Create(zeros))
            file.SetLength(length);
        await using var content = File.OpenRead(zeros);
        var tar = await OciLayout.Tar(name,
            new PaxTarEntry(TarEntryType.RegularFile, "zeros") { DataStream = content });
        var layout = await OciLayout.Write(name, tar);
        File.Delete(tar);
        File.Delete(zeros);
        return await ContainerdFixture.Pack(layout.Directory, name);
    }

    /// <summary>The status of a prepare, by the agent itself; null: it was done, and is undone.</summary>
    private async Task<StatusCode?> Refusal()
    {
        try
        {
            await host.Prepare("one-more");
        }
        catch (RpcException refused)
        {
            return refused.StatusCode;
        }
        await host.Remove("one-more");
        return null;
    }
}
