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

    private async Task<Container> Unmounted(string name)
    {
        await agent.Client.Unmount(Pool, name);
        return await agent.Client.ShowContainer(Pool, name);
    }
}
