using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Pools;

/// <summary>Pools at the limits of their file systems.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class SmallPoolTests(AgentFixture agent)
{
    private const string Pool = "small-xfs";
    private const ulong MiB = 1UL << 20;

    [Fact]
    public async Task A_pool_too_small_for_xfs_is_not_made_and_one_that_just_can_hold_it_works()
    {
        var refused = await AgentClient.Refused(
            Problem.Types.Kind.Usage, () => agent.Client.CreateLoopPool(Pool, 299 * MiB, FileSystem.Xfs));
        Assert.Contains("xfs needs 300 MiB at least, and the pool has 299 MiB of data", refused.Why,
            StringComparison.Ordinal);
        Assert.DoesNotContain((await agent.Client.Pools.ListAsync(new ListPoolsRequest())).Pools, p => p.Name == Pool);
        Assert.False(Directory.Exists(agent.Places.Pool(Pool)));

        await agent.Client.CreateLoopPool(Pool, 300 * MiB, FileSystem.Xfs);
        await agent.Client.Import(Pool, await SmallImage.Write(Pool), "small:1");
        var container = await agent.Client.Create(Pool, "web", "small:1");

        Assert.Equal(300 * MiB, container.SizeBytes);
        await using (var device = RawDevice.Activate(agent.Kernel, await Unmounted("web")))
        {
            var traits = agent.Kernel.Traits(device.Path, FileSystemKind.Xfs).Must();
            Assert.Equal("", traits.DifferenceTo(FileSystemFormat.Xfs));
        }
        await agent.Client.RemovePool(Pool);
    }

    [Fact]
    public async Task A_pool_of_ext4_has_a_least_size_too_and_at_that_it_holds_an_image_and_a_container()
    {
        const string Ext4 = "small-ext4";
        var refused = await AgentClient.Refused(
            Problem.Types.Kind.Usage, () => agent.Client.CreateLoopPool(Ext4, 15 * MiB));
        Assert.Contains("16 MiB", $"{refused.Why} {refused.Next}", StringComparison.Ordinal);
        Assert.False(Directory.Exists(agent.Places.Pool(Ext4)));

        await agent.Client.CreateLoopPool(Ext4, 16 * MiB);
        await agent.Client.Import(Ext4, await SmallImage.Write(Ext4), "small:1");
        var container = await agent.Client.Create(Ext4, "web", "small:1");
        var digest = await Files.Write($"{container.MountPath}/file", 1 << 20, seed: 7);
        await Shell.Must("sync", "-f", container.MountPath);

        Assert.Equal(digest, await Files.Digest($"{container.MountPath}/file"));
        await agent.Client.MustAgree(Ext4);
        await agent.Client.RemovePool(Ext4);
    }

    [Fact]
    public async Task A_base_of_the_least_size_of_ext4_is_made_mounted_and_written_and_a_smaller_one_is_refused()
    {
        await using (var own = await OwnAgent.Start(agent, "least-base", "base-size = 8MiB"))
        {
            var digest = await own.Make("web", seed: 8);
            Assert.Equal(8 * MiB, (await own.Client.ShowContainer(own.Pool, "web")).SizeBytes);
            Assert.Equal(digest, await own.Read("web"));
            await own.Client.MustAgree(own.Pool);
        }
        var less = agent.Places with { Name = "less-base" };
        less.WriteConfig("base-size = 7MiB");

        var checkedBefore = await Shell.Run(Places.Agent, "--check-config", "--config", less.Config);

        Assert.NotEqual(0, checkedBefore.Status);
        Assert.Contains("8 MiB", checkedBefore.Errors + checkedBefore.Output, StringComparison.Ordinal);
    }

    private async Task<Container> Unmounted(string name)
    {
        await agent.Client.Unmount(Pool, name);
        return await agent.Client.ShowContainer(Pool, name);
    }
}
