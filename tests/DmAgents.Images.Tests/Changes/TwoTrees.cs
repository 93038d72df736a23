using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Changes;
using DmAgents.Images.Tests.Support;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.Images.Tests.Changes;

/// <summary>A tree "lower", and a tree "upper" that began as its exact copy.</summary>
internal sealed class TwoTrees : IDisposable
{
    public TwoTrees(string makeLower, string change)
    {
        Home = Directory.CreateTempSubdirectory("dmagents-changes-").FullName;
        Tool.Shell(Home, "mkdir lower; cd lower; touch -d 2001-01-01Z .\n" + makeLower);
        // With xattrs, hard links, holes and times of nanoseconds.
        Tool.Shell(Home, "cp -a --reflink=never lower upper");
        Tool.Shell(Home, "cd upper\n" + change);
        Lower = Open("lower");
        Upper = Open("upper");
    }

    public string Home { get; }

    public IFileTree Lower { get; }

    public IFileTree Upper { get; }

    /// <summary>One line for each change: "A /path", "C /path" or "D /path".</summary>
    public IReadOnlyList<string> Changes(KnownBlocks? blocks = null)
    {
        using var difference = new TreeDifference(Lower, Upper, blocks);
        return [.. difference.Changes().Select(Line)];
    }

    public static string Line(TreeChange change) => $"{change.Kind.ToString()[0]} {change.Path}";

    public IFileTree Open(string folder)
    {
        Assert.True(LinuxFileTree.Open(Path.Combine(Home, folder), out var tree).IsDone);
        return tree!;
    }

    public void Dispose()
    {
        Lower.Dispose();
        Upper.Dispose();
        Tool.Run("/", "rm", "-rf", Home);
    }
}
