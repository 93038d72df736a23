using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using Spectre.Console;

namespace DmAgents.Cli.Images;

internal static class ImageViews
{
    public static void List(IAnsiConsole console, IEnumerable<ImageSummary> images, DateTimeOffset now)
    {
        var list = new Listing(
            "There is no image. Import one: dmagent image import --help",
            "REFERENCE", "ID", "POOL", ">LAYERS", ">MAPPED", ">CONTAINERS", "IMPORTED");
        foreach (var image in images)
        {
            list.Row(
                image.Reference, Words.Short(image.Id), image.Pool, $"{image.Layers}",
                Sizes.Format(image.MappedBytes), $"{image.Containers}", Times.Ago(image.ImportedAt, now));
        }

        list.Write(console);
    }

    public static void Show(IAnsiConsole console, ImageDetails image, DateTimeOffset now)
    {
        if (image.Pool.Length == 0 && image.Fleet is not null)
        {
            new Sheet().Group($"image {image.Reference}")
                .Row("id", image.Id.Length == 0 ? "not the same everywhere" : image.Id)
                .Row("pool", "this host does not have it").Write(console);
        }
        else
            ShowHere(console, image, now);
        if (image.Fleet is { } fleet)
            FleetImageView.Show(console, fleet, now);
    }

    public static void Imported(IAnsiConsole console, ImageDetails image) => console.WriteLine(
        $"{image.Reference} is {Words.Short(image.Id)} in pool {image.Pool}: "
        + $"{Words.Count(image.Layers.Count, "layer")}, {Sizes.Format(image.MappedBytes)} mapped");

    public static void Pulled(IAnsiConsole console, PulledImage pulled) => console.WriteLine(
        $"{pulled.Image.Reference} of {(pulled.FromHost.Length == 0 ? "the registry" : pulled.FromHost)} is "
        + $"{Words.Short(pulled.Image.Id)} in pool {pulled.Image.Pool}: "
        + $"{Words.Count(pulled.Image.Layers.Count, "layer")}, {Sizes.Format(pulled.Image.MappedBytes)} mapped");

    public static void Copied(IAnsiConsole console, CopyImageReply copied, CopyImageRequest request) =>
        console.WriteLine(copied.Image is { } image
            ? $"{image.Reference} of {request.FromHost} is {Words.Short(image.Id)} in pool {image.Pool}: "
                + $"{Words.Count(image.Layers.Count, "layer")}, {Sizes.Format(image.MappedBytes)} mapped"
            : $"{copied.Copied.Reference} is on {string.Join(", ", copied.Copied.Hosts)}");

    public static void Removed(IAnsiConsole console, RemoveImageReply reply)
    {
        foreach (var reference in reply.UntaggedReferences)
            console.WriteLine($"untagged {reference}");
        foreach (var layer in reply.RemovedLayers)
            console.WriteLine($"removed layer {Words.Short(layer)}");
        foreach (var layer in reply.KeptLayers)
            console.WriteLine($"kept layer {Words.Short(layer)}: still needed");
    }

    private static void ShowHere(IAnsiConsole console, ImageDetails image, DateTimeOffset now)
    {
        var sheet = new Sheet()
            .Group($"image {image.Reference}")
            .Row("id", image.Id)
            .Rows("references", image.References)
            .Row("pool", image.Pool)
            .Row("created", Times.Ago(image.CreatedAt, now))
            .Row("imported", Times.Ago(image.ImportedAt, now))
            .Row("mapped", Sizes.Format(image.MappedBytes))
            .Rows("containers", image.Containers);
        if (image.Config is { } config)
            Config(sheet, config);
        sheet.Group("layers, the lowest first").Write(console);
        var layers = new Listing(
            "  none", "CHAIN ID", "DIFF ID", ">THIN ID", ">SIZE", ">MAPPED", ">EXCLUSIVE", "CREATED BY");
        foreach (var layer in image.Layers)
        {
            layers.Row(
                Words.Short(layer.ChainId), Words.Short(layer.DiffId), $"{layer.ThinId}",
                Sizes.Format(layer.SizeBytes), Sizes.Format(layer.MappedBytes),
                layer.HasExclusiveBytes ? Sizes.Format(layer.ExclusiveBytes) : "-", Words.OrDash(layer.CreatedBy));
        }

        layers.Write(console);
    }

    private static void Config(Sheet sheet, ImageConfig config)
    {
        sheet.Group("configuration")
            .Row("platform", $"{Words.OrDash(config.Os)}/{Words.OrDash(config.Architecture)}")
            .Row("author", Words.OrDash(config.Author))
            .Row("user", Words.OrDash(config.User))
            .Row("working directory", Words.OrDash(config.WorkingDirectory))
            .Row("entrypoint", Words.OrDash(string.Join(' ', config.Entrypoint)))
            .Row("command", Words.OrDash(string.Join(' ', config.Command)))
            .Rows("environment", config.Environment)
            .Rows("exposed ports", config.ExposedPorts)
            .Rows("volumes", config.Volumes)
            .Rows("labels", Labels.Of(config.Labels));
    }
}
