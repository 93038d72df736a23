using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Units;

namespace DmAgents.Engine.Tests.CrashHistories;

/// <summary>An owner's request to a pool.</summary>
/// <param name="Name">For the message of a failing test.</param>
/// <param name="Command">The command.</param>
/// <param name="After">What its owner expects afterwards; null if the command can only be refused.</param>
internal sealed record Operation(string Name, PoolCommand Command, Func<Expected, Expected?> After)
{
    /// <summary>What a container itself writes durably after the operation: the agent is not involved.</summary>
    public (DeviceKey Container, string File, string Content)? Writes { get; init; }

    public override string ToString() => Name;
}

/// <summary>All kinds of requests on a small scale: one or two objects of each kind.</summary>
internal static class Operations
{
    public static readonly DeviceKey C = DeviceKey.Container("c");
    public static readonly DeviceKey D = DeviceKey.Container("d");
    public static readonly DeviceKey A = Given.Layer("a");
    public static readonly DeviceKey B = Given.Layer("b");
    public static readonly DeviceKey Import = DeviceKey.Import("i");
    public static readonly DeviceKey Imported = Given.Layer("i");
    public static readonly DeviceKey V = Given.View("v");
    public static readonly DeviceKey Reception = DeviceKey.Reception("r");

    public static readonly ByteSize Size = ByteSize.MiB(16);

    public static Operation Create(DeviceKey key, DeviceKey? parent, DeviceUse use, ByteSize? size = null) => new(
        $"create {key} of {parent?.ToString() ?? "base"} {use} {size}",
        Given.Create(key, parent, use: use, size: size),
        e => e.Find(key) is not null || (parent is { } p && e.Find(p) is not { Kind: DeviceKind.Layer })
            ? null
            : e.With(key, new ExpectedDevice(
                DeviceKind.Container, parent, size ?? (parent is { } above ? e.Find(above)!.Size : Size), use,
                parent is { } under ? e.Find(under)!.Files : ImmutableSortedDictionary<string, string>.Empty)))
    {
        Writes = use == DeviceUse.Mounted ? (key, "born", key.Name) : null,
    };

    public static Operation Receive(DeviceKey? above) => new(
        $"receive above {above?.ToString() ?? "nothing"}", Given.Receive(Reception.Name, above, Size),
        e => e.Find(Reception) is not null || (above is { } p && e.Find(p) is not { Kind: DeviceKind.Layer })
            ? null
            : e.With(Reception, new ExpectedDevice(
                DeviceKind.Container, above, Size, DeviceUse.Active,
                above is { } under ? e.Find(under)!.Files : ImmutableSortedDictionary<string, string>.Empty)
            {
                IsBlank = above is null,
            }));

    public static Operation Use(DeviceKey key, DeviceUse use) => new(
        $"{use} {key}", Given.Use(key, use),
        e => e.Find(key) is { Kind: DeviceKind.Container } device ? e.With(key, device with { Use = use }) : null)
    {
        Writes = use == DeviceUse.Mounted ? (key, "lived", key.Name) : null,
    };

    public static Operation CommitLive(DeviceKey key, DeviceKey layer) => new(
        $"commit live {key} as {layer}", Given.CommitLive(key, layer),
        e => e.Find(key) is { Kind: DeviceKind.Container } device && e.Find(layer) is null
            ? e.With(layer, device with { Kind = DeviceKind.Layer, Use = DeviceUse.Idle })
            : null);

    public static Operation Commit(DeviceKey key, DeviceKey layer, bool imported = false) => new(
        $"commit {key} as {layer}", Given.Commit(key, layer, imported ? Given.ImportLabels : null),
        e => e.Find(key) is { Kind: DeviceKind.Container, Use: not DeviceUse.Mounted } device && e.Find(layer) is null
            ? e.Renamed(key, layer, device with { Kind = DeviceKind.Layer, Use = DeviceUse.Idle, Imported = imported })
            : null);

    public static Operation Resize(DeviceKey key, ByteSize size) => new(
        $"resize {key} to {size}", Given.Resize(key, size),
        e => e.Find(key) is { Kind: DeviceKind.Container } device && device.Size <= size
            ? e.With(key, device with { Size = size })
            : null);

    public static Operation Remove(DeviceKey key) => new(
        $"remove {key}", Given.Remove(key, force: true),
        e => e.Find(key) is null || e.Devices.Values.Any(d => d.Parent == key) || e.IsNamedOrViewed(key)
            ? null
            : e.Without(key));

    public static Operation View(DeviceKey view, DeviceKey layer) => new(
        $"view {layer} as {view}", Given.CreateView(view, layer),
        e => !e.Views.ContainsKey(view.ToString()) && e.Find(layer) is { Kind: DeviceKind.Layer }
            ? e.WithView(view, layer)
            : null);

    public static Operation RemoveView(DeviceKey view) => new(
        $"remove {view}", Given.Remove(view),
        e => e.Views.ContainsKey(view.ToString()) ? e.WithoutView(view) : null);

    /// <summary>As after a crash: unfinished work has no caller.</summary>
    public static Operation Repair() => new(
        "repair", new PoolCommands.Repair(Given.NewRequest(), Accept: null, Given.At), e => e.AfterCrash());

    public static Operation Tag(string reference, DeviceKey layer) => new(
        $"tag {reference} {layer}", Given.Tag(reference, layer),
        e =>
        {
            if (e.Find(layer) is not { Kind: DeviceKind.Layer })
                return null;
            var tagged = e with { Images = e.Images.SetItem(reference, layer) };
            return e.Images.TryGetValue(reference, out var before) ? tagged.WithoutUnneeded(before) : tagged;
        });

    public static Operation Untag(string reference) => new(
        $"untag {reference}", Given.Untag(reference),
        e => e.Images.TryGetValue(reference, out var top)
            ? (e with { Images = e.Images.Remove(reference) }).WithoutUnneeded(top)
            : null);

    /// <summary>The requests that are possible in any state. Functions, because each needs a fresh request
    /// id.</summary>
    public static IEnumerable<Operation> Alphabet(World world) =>
    [
        Create(D, A, DeviceUse.Mounted),
        Create(D, A, DeviceUse.Idle, ByteSize.MiB(24)),
        Create(D, null, DeviceUse.Active),
        Create(D, null, DeviceUse.Idle, ByteSize.MiB(8)),
        Use(C, DeviceUse.Mounted),
        Use(C, DeviceUse.Active),
        Use(C, DeviceUse.Idle),
        CommitLive(C, B),
        Commit(C, B),
        Resize(C, ByteSize.MiB(24)),
        Remove(C),
        Remove(B),
        Tag("image", B),
        Untag("image"),
        world.AddDisk(),
        Create(Import, A, DeviceUse.Mounted),
        Use(Import, DeviceUse.Idle),
        Commit(Import, Imported, imported: true),
        Tag("imported", Imported),
        Receive(A),
        Receive(null),
        Commit(Reception, Imported, imported: true),
        View(V, A),
        RemoveView(V),
        Repair(),
        .. world.Manner.Stocks ? [Create(D, A, DeviceUse.Active)] : Array.Empty<Operation>(),
    ];

    /// <summary>The scene in which the pool has a snapshot of the image's layer in stock.</summary>
    public const string Stock = "an image with a snapshot in stock";

    /// <summary>The states in which histories begin, with the operations that lead there.</summary>
    public static IEnumerable<(string Name, Operation[] Before)> Scenes()
    {
        Operation[] image =
        [
            Create(Import, null, DeviceUse.Mounted), Use(Import, DeviceUse.Idle), Commit(Import, A, imported: true),
            Tag("image", A),
        ];
        yield return ("an image", image);
        yield return ("a mounted container", [.. image, Create(C, A, DeviceUse.Mounted)]);
        yield return ("an idle container and a second layer",
            [.. image, Create(C, A, DeviceUse.Mounted), CommitLive(C, B), Use(C, DeviceUse.Idle),
                View(V, A)]);
        yield return ("an import that is filled",
            [.. image, Create(C, A, DeviceUse.Active), Create(Import, A, DeviceUse.Mounted),
                Use(Import, DeviceUse.Idle)]);
        // The pool creates another snapshot for the stock while it handles the next request.
        yield return (Stock, [.. image, Create(C, A, DeviceUse.Active), Use(C, DeviceUse.Idle)]);
    }
}
