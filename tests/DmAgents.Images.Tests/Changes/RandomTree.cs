using System.Globalization;
using System.Text;
using DmAgents.Images.Trees;

namespace DmAgents.Images.Tests.Changes;

/// <summary>Trees and changes of them by chance, the same for the same seed, as shell scripts.</summary>
internal static class RandomTree
{
    private const int Names = 6;

    public static string Make(int seed)
    {
        var random = new Random(seed);
        var script = new StringBuilder();
        for (var i = 0; i < 40; i++)
            script.Append(Step(random, isFirst: true)).Append('\n');
        return script.Append("find . -exec touch -h -d 2001-01-01Z {} +").ToString();
    }

    public static string Change(int seed)
    {
        var random = new Random(seed * 7919);
        var script = new StringBuilder();
        for (var i = 0; i < 12; i++)
            script.Append(Step(random, isFirst: false)).Append('\n');
        // In half of them no time tells what was changed.
        return script.Append(random.Next(2) == 0 ? "find . -exec touch -h -d 2001-01-01Z {} +" : "true").ToString();
    }

    /// <summary>What <see cref="TwoTrees.Changes"/> is to say, by the lines that describe the two trees. A line names
    /// the first name of a group of hard links, so that only groups without changes of their own are compared by it.
    /// </summary>
    public static string Compare(TwoTrees trees)
    {
        var (before, now) = (Lines(trees.Lower), Lines(trees.Upper));
        var changes = now.Where(line => !before.TryGetValue(line.Key, out var other) || other != line.Value)
            .Select(line => (line.Key, Line: $"{(before.ContainsKey(line.Key) ? 'C' : 'A')} {line.Key}"));
        var deleted = before.Keys.Where(path => !now.ContainsKey(path) && HasParent(path))
            .Select(path => (path, Line: $"D {path}"));
        return string.Join('\n', changes.Concat(deleted)
            .OrderBy(change => change.Item1.TrimStart('/').Split('/'), Comparer<string[]>.Create(ByParts))
            .Select(change => change.Line));

        // Of what went with its directory nothing is said.
        bool HasParent(string path) =>
            now.TryGetValue(path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "/", out var parent)
            && parent.StartsWith("dir ", StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Lines(Domain.Ports.FileTrees.IFileTree tree) =>
        FileTreeDigest.Lines(tree).ToDictionary(
            line => line.Split(' ')[0], line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);

    private static int ByParts(string[] one, string[] other)
    {
        for (var i = 0; i < Math.Min(one.Length, other.Length); i++)
        {
            if (string.CompareOrdinal(one[i], other[i]) is not 0 and var order)
                return order;
        }
        return one.Length - other.Length;
    }

    private static string Step(Random random, bool isFirst)
    {
        var (name, other) = (Name(random), Name(random));
        var number = random.Next(4).ToString(CultureInfo.InvariantCulture);
        var step = random.Next(isFirst ? 6 : 12) switch
        {
            0 or 1 => $"mkdir -p {name}",
            2 => $"head -c {random.Next(1, 9)}000 /dev/zero | tr '\\0' {number} > {name}",
            3 => $"ln -s {number} {name}",
            4 => $"setfattr -n user.n -v {number} {name}",
            5 => $"chmod 64{number} {name}",
            6 or 7 => $"rm -rf {name}",
            8 => $"mv {name} {other}",
            9 => $"chown {number} {name}",
            10 => $"printf {number} | dd of={name} bs=1 seek=50 conv=notrunc",
            _ => $"cp -a {name} {other}",
        };
        return $"({step}) >/dev/null 2>&1 || true";
    }

    private static string Name(Random random) => string.Join(
        '/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"n{random.Next(Names)}"));
}
