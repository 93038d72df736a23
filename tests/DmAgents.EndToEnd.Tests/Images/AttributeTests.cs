using System.Formats.Tar;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Kernel.FileTrees;
using Grpc.Core;
using Reason = DmAgents.Api.Admin.V1.LostAttribute.Types.Reason;

namespace DmAgents.EndToEnd.Tests.Images;

/// <summary>Extended attributes and ACLs on the file systems of real pools: kept, or said to be left out.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class AttributeTests(AgentFixture agent)
{
    private const string LongName = "user.long";

    [Theory]
    [InlineData(FileSystem.Ext4, true)]
    [InlineData(FileSystem.Xfs, false)]
    public async Task What_the_file_system_cannot_hold_is_in_the_answer(FileSystem fileSystem, bool tooLong)
    {
        var pool = $"attributes-{fileSystem}".ToLowerInvariant();
        await agent.Client.CreateLoopPool(pool, 768UL << 20, fileSystem);
        var archive = await OciLayout.Tar(
            pool,
            Entry(TarEntryType.RegularFile, "plain", ("SCHILY.xattr.com.apple.quarantine", "q"),
                ("SCHILY.xattr.user.kept", "k"), ("SCHILY.xattr." + LongName, new string('l', 9000))),
            Entry(TarEntryType.SymbolicLink, "link", ("SCHILY.xattr.user.kept", "k")),
            Entry(TarEntryType.RegularFile, "acl",
                ("SCHILY.acl.access", "user::rw-,user:lisa:rwx:1000,group::r--,mask::rwx,other::---")),
            Entry(TarEntryType.Directory, "named",
                ("SCHILY.acl.default", "user::rwx,user:lisa:rwx,group::r-x,mask::rwx,other::---")));

        var lost = await Import(pool, archive, "attributes:1");

        List<(string, Reason, string)> expected =
        [
            ("com.apple.quarantine", Reason.NotSupported, "/plain"),
            (Xattr.DefaultAcl, Reason.NamesWithoutNumbers, "/named"), ("user.kept", Reason.NotPermitted, "/link"),
        ];
        if (tooLong)
            expected.Add((LongName, Reason.TooLong, "/plain"));
        Assert.Equal(
            expected.OrderBy(one => one.Item1, StringComparer.Ordinal),
            lost.Attributes.Select(one => (one.Name, one.Reason, one.First)));
        var container = await agent.Client.Create(pool, "attributes", "attributes:1");
        Assert.True(LinuxFileTree.Open(container.MountPath, out var tree).IsDone);
        using (tree)
        {
            Assert.Equal(tooLong ? ["user.kept"] : ["user.kept", LongName], Names(tree!, "plain"));
            Assert.Equal([Xattr.AccessAcl], Names(tree!, "acl"));
            Assert.Empty(Names(tree!, "link"));
            Assert.Empty(Names(tree!, "named"));
        }
        await agent.Client.RemovePool(pool);
    }

    private static string[] Names(LinuxFileTree tree, string path)
    {
        Assert.True(tree.ReadXattrs(TreePath.Of(path), out var xattrs).IsDone);
        return [.. xattrs.Select(xattr => xattr.Name).Order(StringComparer.Ordinal)];
    }

    private async Task<LeftOut> Import(string pool, string path, string reference)
    {
        using var call = agent.Client.Images.Import(new ImportImageRequest
        {
            RequestId = AgentClient.NewId(), Pool = pool, Path = path, Reference = reference,
        });
        LeftOut? lost = null;
        await foreach (var reply in call.ResponseStream.ReadAllAsync())
            lost = reply.LeftOut ?? lost;
        Assert.NotNull(lost);
        return lost;
    }

    private static PaxTarEntry Entry(TarEntryType type, string name, params (string Key, string Value)[] records)
    {
        var entry = new PaxTarEntry(type, name, records.Select(one => KeyValuePair.Create(one.Key, one.Value)));
        if (type == TarEntryType.SymbolicLink)
            entry.LinkName = "plain";
        return entry;
    }
}
