using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Pools;
using Spectre.Console;

namespace DmAgents.Cli.Layers;

/// <summary>Draws one tree per pool.</summary>
internal static class LayerTree
{
    public static void Write(IAnsiConsole console, IReadOnlyCollection<Layer> nodes)
    {
        if (nodes.Count == 0)
            console.WriteLine("There is no pool with anything in it.");
        // A node is one line: for deep lineages, the terminal's own wrapping is the lesser evil.
        console.Profile.Width = Outputs.Unbounded;
        foreach (var pool in nodes.GroupBy(node => node.Pool).OrderBy(pool => pool.Key, StringComparer.Ordinal))
            console.Write(Draw(pool.Key, [.. pool]));
    }

    private static Tree Draw(string pool, List<Layer> nodes)
    {
        var tree = new Tree(new Markup($"[bold]pool {Markup.Escape(pool)}[/]"));
        var keys = nodes.Select(node => node.Key).ToHashSet(StringComparer.Ordinal);
        var children = nodes.ToLookup(node => keys.Contains(node.Parent) ? node.Parent : "", StringComparer.Ordinal);
        var open = new Stack<(IHasTreeNodes Above, Layer Node)>();
        Push(open, tree, children[""]);
        // A stack instead of recursion: a lineage is as deep as an image has layers.
        while (open.TryPop(out var next))
            Push(open, next.Above.AddNode(new Markup(Label(next.Node, keys))), children[next.Node.Key]);
        return tree;
    }

    private static void Push(Stack<(IHasTreeNodes, Layer)> open, IHasTreeNodes above, IEnumerable<Layer> nodes)
    {
        foreach (var node in nodes.OrderBy(node => node.ThinId).Reverse())
            open.Push((above, node));
    }

    private static string Label(Layer node, HashSet<string> keys)
    {
        var parts = new List<string>
        {
            $"[{Colour(node.Kind)}]{Words.Of(node.Kind)}[/] {Markup.Escape(Words.Short(node.Key))}",
            $"thin id {node.ThinId}",
            $"mapped {(node.HasMappedBytes ? Sizes.Format(node.MappedBytes) : "-")}",
        };
        if (node.HasExclusiveBytes)
            parts.Add($"exclusive {Sizes.Format(node.ExclusiveBytes)}");
        if (node.Kind == DeviceKind.Base)
            parts.Add($"{FileSystems.Name(node.FileSystem)} of {Sizes.Format(node.SizeBytes)}");
        if (node.ContainerdNamespace.Length > 0)
            parts.Add($"containerd's, in {Markup.Escape(node.ContainerdNamespace)}");
        if (node.State is not (DeviceState.Idle or DeviceState.Unspecified or DeviceState.Mounted))
            parts.Add(Words.Of(node.State));
        if (node.MountPath.Length > 0)
            parts.Add($"mounted at {Markup.Escape(node.MountPath)}");
        if (node.References.Count > 0)
            parts.Add(Markup.Escape(string.Join(' ', node.References)));
        if (node.Parent.Length > 0 && !keys.Contains(node.Parent))
            parts.Add($"[red]its parent {Markup.Escape(Words.Short(node.Parent))} is not there[/]");
        return string.Join("  ", parts);
    }

    private static string Colour(DeviceKind kind) => kind switch
    {
        DeviceKind.Base => "grey",
        DeviceKind.Layer => "blue",
        DeviceKind.Container => "green",
        _ => "yellow",
    };
}
