using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Pools;
using Spectre.Console;

namespace DmAgents.Cli.Containers;

internal static class ContainerViews
{
    public static void List(IAnsiConsole console, IEnumerable<Container> containers, DateTimeOffset now)
    {
        var list = new Listing(
            "There is no container. Make one: dmagent container create --help",
            "NAME", "POOL", "NAMESPACE", "KIND", "IMAGE", "STATE", ">SIZE", ">MAPPED", ">EXCLUSIVE", "CREATED",
            "MOUNTED AT");
        foreach (var container in containers)
        {
            list.Row(
                container.Name, container.Pool, Words.OrDash(container.ContainerdNamespace), Words.Of(container.Kind),
                Origin(container), Words.Of(container.State),
                Sizes.Format(container.SizeBytes), Mapped(container),
                container.HasExclusiveBytes ? Sizes.Format(container.ExclusiveBytes) : "-",
                Times.Ago(container.CreatedAt, now), Words.OrDash(container.MountPath));
        }

        list.Write(console);
    }

    public static void Show(IAnsiConsole console, Container container, DateTimeOffset now) => new Sheet()
        .Group($"container {container.Name}")
        .Row("pool", container.Pool)
        .Row("kind", Words.Of(container.Kind))
        .Row("containerd namespace", Words.OrNone(container.ContainerdNamespace))
        .Row("image", Words.OrNone(container.Image))
        .Row("parent layer", Words.OrNone(container.Parent))
        .Row("state", Words.Of(container.State))
        .Row("created", Times.Ago(container.CreatedAt, now))
        .Group("blocks")
        .Row("size", Sizes.Format(container.SizeBytes))
        .Row("mapped", Mapped(container))
        .Row("exclusive", container.HasExclusiveBytes ? Sizes.Format(container.ExclusiveBytes) : "-")
        .Row("shared", container.HasSharedBytes ? Sizes.Format(container.SharedBytes) : "-")
        .Group("device")
        .Row("thin id", $"{container.ThinId}")
        .Row("dm name", Words.OrDash(container.DmName))
        .Row("device", Words.OrDash(container.DevicePath))
        .Row("file system", FileSystems.Name(container.FileSystem))
        .Row("mounted at", container.MountPath.Length == 0
            ? "-"
            : container.MountPath + (container.ReadOnly ? " (read-only)" : ""))
        .Row("tree", container.Root.Length == 0
            ? "the whole file system"
            : $"{container.Root}/ of the file system, which is what is seen where it is mounted")
        .Rows("labels", Labels.Of(container.Labels))
        .Write(console);

    private static string Mapped(Container container) =>
        container.HasMappedBytes ? Sizes.Format(container.MappedBytes) : "-";

    private static string Origin(Container container) =>
        container.Image.Length > 0 ? container.Image : Words.OrDash(Words.Short(container.Parent));
}
