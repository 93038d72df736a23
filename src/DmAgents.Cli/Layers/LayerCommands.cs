using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Layers;

internal static class LayerCommands
{
    public static CliCommand Build(CliShell shell) => new(
        "layer", "Layers: what images and containers are made of.", "dmagent layer tree")
    {
        List(shell),
        Tree(shell),
        Show(shell),
        LayerWhere.Build(shell),
        Remove(shell),
    };

    private static CliCommand List(CliShell shell)
    {
        var pool = CommonSymbols.PoolFilter(shell);
        return new CliCommand(
            "list", "List the layers.", "dmagent layer list", "dmagent layer list --pool fast --quiet") { pool }
            .AlsoKnownAs("ls")
            .Runs(shell, async call =>
            {
                var reply = await call.Layers.ListAsync(
                    new ListLayersRequest { Pool = call.Parsed.GetValue(pool) ?? "" }, call.Unary);
                call.Output.Document(
                    reply,
                    console => LayerViews.List(console, reply.Layers, call.Now),
                    reply.Layers.Select(layer => layer.Key));
            });
    }

    private static CliCommand Tree(CliShell shell)
    {
        var pool = CommonSymbols.PoolFilter(shell);
        return new CliCommand(
            "tree", "Show bases, layers and containers as a tree with their blocks.",
            "dmagent layer tree", "dmagent layer tree --pool fast") { pool }
            .Runs(shell, async call =>
            {
                var reply = await call.Layers.TreeAsync(
                    new LayerTreeRequest { Pool = call.Parsed.GetValue(pool) ?? "" }, call.Unary);
                call.Output.Document(
                    reply, console => LayerTree.Write(console, reply.Nodes), reply.Nodes.Select(node => node.Key));
            });
    }

    private static CliCommand Show(CliShell shell)
    {
        var layer = CommonSymbols.Layer(shell);
        var pool = CommonSymbols.Pool(shell);
        return new CliCommand("show", "Show a layer.", "dmagent layer show 3f2a9c0d11e4 --pool fast") { layer, pool }
            .Runs(shell, async call =>
            {
                var key = call.Parsed.GetRequiredValue(layer);
                var details = await call.About(key).Layers.ShowAsync(
                    new ShowLayerRequest { Pool = await call.PoolAsync(call.Parsed.GetValue(pool)), Key = key },
                    call.Unary);
                call.Output.Document(details, console => LayerViews.Show(console, details, call.Now), details.Key);
            });
    }

    private static CliCommand Remove(CliShell shell)
    {
        var layer = CommonSymbols.Layer(shell);
        var pool = CommonSymbols.Pool(shell);
        var force = CommonSymbols.Force("Also when it is containerd's");
        return new CliCommand(
            "remove", "Remove a layer that no image, container or other layer needs.",
            "dmagent layer remove 3f2a9c0d11e4") { layer, force, pool, CommonSymbols.RequestId }
            .AlsoKnownAs("rm")
            .Runs(shell, async call =>
            {
                var key = call.Parsed.GetRequiredValue(layer);
                var reply = await call.About(key).Layers.RemoveAsync(
                    new RemoveLayerRequest
                    {
                        Pool = await call.PoolAsync(call.Parsed.GetValue(pool)),
                        RequestId = call.RequestId(),
                        Key = key,
                        Force = call.Parsed.GetValue(force),
                    },
                    call.Unary);
                call.Output.Sentence(
                    reply, $"removed layer {Words.Short(reply.Key)}", reply.Key);
            });
    }
}
