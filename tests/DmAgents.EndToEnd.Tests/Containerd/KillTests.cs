using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Containerd;

/// <summary>
/// Agent, containerd or both die by SIGKILL in the midst of their work. Containers that run go on; afterwards the same
/// work succeeds, under the same names: containerd's own devmapper snapshotter may say "object already exists" for ever
/// (containerd#5646).
/// </summary>
[Collection(ContainerdCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class KillTests(ContainerdFixture host)
{
    [Fact]
    public async Task An_image_whose_unpacking_was_cut_off_can_be_imported_again()
    {
        await host.BeginEmpty();
        var archive = await host.Archive();
        foreach (var containerdToo in new[] { false, true })
        {
            var import = ContainerdProcess.Import(archive);
            await Until(async () => (await host.List()).Any(info => info.Kind == Kind.Active), import);
            await host.Agent.Kill();
            if (containerdToo)
                await host.Containerd.Kill();
            Assert.NotEqual(0, (await import).Status);
            await host.Agent.Restart(host.Client);
            await host.Client.MustAgree(ContainerdFixture.Pool);
            if (containerdToo)
                await host.Containerd.Restart();
            await Connected();
        }

        await ContainerdProcess.MustImport(archive);
        await host.MustAgree();
        var container = await RunningContainer.Start("unpacked");
        await container.MustBeUnharmed();
        await container.Stop();
    }

    [Fact]
    public async Task What_an_unpacking_that_died_has_left_is_cleared_away()
    {
        await host.BeginEmpty();
        var chainId = $"sha256:{new string('0', 64)}";
        await ContainerdProcess.Snapshots("prepare", $"extract-764443535-Ibm7 {chainId}");
        await ContainerdProcess.Clear();
        await host.MustBeEmpty();
    }

    [Fact]
    public async Task Containers_run_on_and_what_was_being_started_or_collected_is_done_by_the_next_try()
    {
        await host.BeginWithImage();
        var running = await RunningContainer.Start("running");
        await running.Advance(5);

        // While containers are started.
        string[] names = ["burst-0", "burst-1", "burst-2"];
        var burst = Task.WhenAll(names.Select(RunningContainer.Try));
        await Until(async () => (await host.List()).Count(info => info.Kind == Kind.Active) > 1, burst);
        await host.Agent.Kill();
        var started = await burst;
        Assert.Contains(started, one => one.Status != 0);
        await running.MustBeUnharmed();
        await host.Containerd.Kill();
        await running.MustBeUnharmed();
        await host.Agent.Restart(host.Client);
        await host.Containerd.Restart();
        await Connected();
        await host.Client.MustAgree(ContainerdFixture.Pool);
        foreach (var (name, one) in names.Zip(started).Where(pair => pair.Second.Status != 0))
        {
            // What a start that failed leaves to its caller.
            await ContainerdProcess.Ctr("containers", "rm", name);
            await ContainerdProcess.CollectGarbage();
            var again = await RunningContainer.Try(name);
            Assert.True(again.Status == 0, $"{name} cannot be started after '{one}': {again}");
        }
        foreach (var name in names)
        {
            await new RunningContainer(name).MustBeUnharmed();
            await ContainerdProcess.Stop(name);
        }
        await host.MustAgree();

        // While garbage is collected.
        await running.MustBeUnharmed();
        await running.Stop();
        var count = (await host.List()).Count;
        var removal = ContainerdProcess.Ctr("images", "rm", "--sync", ContainerdFixture.Debian);
        await Until(async () => (await host.List()).Count < count, removal);
        await host.Agent.Kill();
        await removal;
        await host.Agent.Restart(host.Client);
        await Connected();
        await host.MustBeEmpty();
    }

    /// <summary>containerd tries to reach a snapshotter that was away every few seconds. A list would not tell: an
    /// empty one it knows by itself.</summary>
    private static async Task Connected()
    {
        Finished? asked = null;
        await Patience.Until(
            async () => (asked = await ContainerdProcess.Ctr(
                "snapshots", "--snapshotter", ContainerdProcess.Snapshotter, "prepare", "connected")).Status == 0,
            () => $"containerd reaches the agent: {asked}");
        await ContainerdProcess.Snapshots("rm", "connected");
    }

    /// <summary>Waits for the right moment, which comes while something is under way.</summary>
    private static async Task Until(Func<Task<bool>> moment, Task underWay)
    {
        while (!await moment())
        {
            if (underWay.IsCompleted)
                Assert.Fail(underWay is Task<Finished> { Result: var ended } ? $"too early: {ended}" : "too early");
            await Task.Delay(1);
        }
    }
}
