using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.EndToEnd.Tests.Images;

/// <summary>The host's mkfs fails, however often it is tried: nothing of the base is in doubt, or left.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class FailingMkfsTests(AgentFixture agent)
{
    private const string Pool = "mkfs-fails";

    [Theory]
    [InlineData(
        FileSystem.Ext4, "mkfs.ext4", "echo 'the disk is on fire' >&2; exit 1", "the disk is on fire",
        "check what mkfs.ext4 reports")]
    [InlineData(
        FileSystem.Ext4, "mkfs.ext4", "dd if=/dev/urandom of=$DEVICE bs=1M count=8 2>/dev/null; kill -9 $$", "137",
        "check what mkfs.ext4 reports")]
    [InlineData(
        FileSystem.Ext4, "mkfs.ext4", "exec $REAL -q -F -O none $DEVICE", "another file system",
        "replace what is named")]
    [InlineData(
        FileSystem.Xfs, "mkfs.xfs", "echo 'no room for a log' >&2; exit 1", "no room for a log",
        "check what mkfs.xfs reports")]
    public async Task Each_import_is_refused_and_the_quarantine_stays_empty(
        FileSystem fileSystem, string program, string script, string said, string next)
    {
        await agent.Client.CreateLoopPool(Pool, 320UL << 20, fileSystem);
        var archive = await SmallImage.Write(Pool);
        var before = await ImportTraces.Before(agent.Kernel, agent.Client, agent.Places, Pool);
        await using (await MkfsStandIn.Put(program, script))
        {
            for (var tries = 0; tries < 3; tries++)
            {
                var problem = await AgentClient.Refused(
                    Kind.Failed, () => agent.Client.Import(Pool, archive, "small:1"));

                Assert.Contains(program, problem.Why, StringComparison.Ordinal);
                Assert.Contains(said, problem.Why, StringComparison.Ordinal);
                Assert.Contains(next, problem.Next, StringComparison.Ordinal);
                Assert.Empty((await agent.Client.Show(Pool)).QuarantinedThinIds);
                await before.MustBeGone(agent.Agent);
            }
            Assert.Equal(("", 0UL), await agent.Meter(Pool).Content());
        }

        // What the message advises.
        await agent.Client.Import(Pool, archive, "small:1");
        var container = await agent.Client.Create(Pool, "works", "small:1");
        Assert.Equal(SmallImage.Text, await File.ReadAllTextAsync($"{container.MountPath}/etc/name"));
        await agent.Client.MustAgree(Pool);
        await agent.Client.RemovePool(Pool);
    }
}
