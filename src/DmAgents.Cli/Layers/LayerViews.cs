using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Pools;
using Spectre.Console;

namespace DmAgents.Cli.Layers;

internal static class LayerViews
{
    public static void List(IAnsiConsole console, IEnumerable<Layer> layers, DateTimeOffset now)
    {
        var list = new Listing(
            "There is no layer.",
            "CHAIN ID", "POOL", "PARENT", ">THIN ID", ">MAPPED", ">EXCLUSIVE", "STATE", "CREATED", "IMAGES");
        foreach (var layer in layers)
        {
            list.Row(
                Words.Short(layer.Key), layer.Pool, Words.OrDash(Words.Short(layer.Parent)), $"{layer.ThinId}",
                Mapped(layer), Exclusive(layer), Words.Of(layer.State),
                Times.Ago(layer.CreatedAt, now), Words.OrDash(string.Join(' ', layer.References)));
        }

        list.Write(console);
    }

    public static void Show(IAnsiConsole console, Layer layer, DateTimeOffset now) => new Sheet()
        .Group($"{Words.Of(layer.Kind)} {layer.Key}")
        .Row("pool", layer.Pool)
        .Row("containerd namespace", Words.OrNone(layer.ContainerdNamespace))
        .Row("parent", Words.OrNone(layer.Parent))
        .Rows("children", layer.Children)
        .Rows("images", layer.References)
        .Row("thin id", $"{layer.ThinId}")
        .Row("state", Words.Of(layer.State))
        .Row("size", Sizes.Format(layer.SizeBytes))
        .Row("mapped", Mapped(layer))
        .Row("exclusive", Exclusive(layer))
        .Row("file system", FileSystems.Name(layer.FileSystem))
        .Row("tree", layer.Root.Length == 0 ? "the whole file system" : $"{layer.Root}/ of the file system")
        .Row("content digest", Words.OrDash(layer.ContentDigest))
        .Row("device", Words.OrDash(layer.DevicePath))
        .Row("mounted at", Words.OrDash(layer.MountPath))
        .Row("created", Times.Ago(layer.CreatedAt, now))
        .Rows("labels", Labels.Of(layer.Labels))
        .Write(console);

    private static string Mapped(Layer layer) => layer.HasMappedBytes ? Sizes.Format(layer.MappedBytes) : "-";

    private static string Exclusive(Layer layer) =>
        layer.HasExclusiveBytes ? Sizes.Format(layer.ExclusiveBytes) : "-";
}
