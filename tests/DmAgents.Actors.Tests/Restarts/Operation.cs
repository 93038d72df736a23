using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Restarts;

/// <summary>An operation that a death interrupts.</summary>
/// <param name="Prepare">Brings about what it needs.</param>
/// <param name="Command">What is asked: of the host as it is prepared.</param>
/// <param name="IsDone">What is true once it is done.</param>
internal sealed record Operation(
    Func<AgentLife, ActorHost, Task> Prepare, Func<PoolCommand> Command, Func<AgentLife, ActorHost, bool> IsDone)
{
    private static readonly DeviceKey Web = Ask.Container("web");

    private static readonly MountPath Elsewhere = new("/elsewhere");

    public bool AsksTheKernel { get; init; } = true;

    /// <summary>Ends what others do with the device; once the operation is over.</summary>
    public Action<ActorHost> LetGo { get; init; } = _ => { };

    public static IReadOnlyDictionary<string, Operation> All { get; } = new Dictionary<string, Operation>
    {
        ["create above the base"] = new(
            Nothing, () => Ask.Create("web"), (life, _) => Has(life, Web)),
        ["create above a layer"] = new(
            WithLayer, () => Ask.Create("web", Ask.Layer("a")), (life, _) => Has(life, Web)),
        ["create mounted"] = new(
            WithLayer, () => Ask.Create("web", Ask.Layer("a"), DeviceUse.Mounted), (_, host) => host.IsMounted(Web)),
        ["create larger"] = new(
            WithLayer, () => Ask.Create("web", Ask.Layer("a"), size: ByteSize.MiB(128)),
            (life, _) => life.State.Find(Web)?.Size == ByteSize.MiB(128)),
        ["mount"] = new(
            (life, _) => life.Done(Ask.Create("web")), () => Ask.Mount("web"), (_, host) => host.IsMounted(Web)),
        ["unmount"] = new(
            WithMounted, () => Ask.Unmount("web"),
            (life, host) => !host.IsMounted(Web) && !host.IsLive(life.State.Find(Web)!.Id)),
        ["activate"] = new(
            (life, _) => life.Done(Ask.Create("web")), () => Ask.Use(Web, DeviceUse.Active),
            (life, host) => host.IsLive(life.State.Find(Web)!.Id)),
        ["commit an active one"] = new(
            (life, _) => life.Done(Ask.Create("web", use: DeviceUse.Active)), () => Ask.Commit("web", Ask.Layer("b")),
            (life, _) => Has(life, Ask.Layer("b")) && !Has(life, Web)),
        ["commit one that somebody has open"] = new(
            async (life, host) =>
            {
                var web = await life.Done(Ask.Create("web", use: DeviceUse.Active));
                host.Kernel.Mount(TestHost.Thin(web.Device!.Id).Path, Elsewhere, FileSystemKind.Ext4, readOnly: false);
            },
            () => Ask.Commit("web", Ask.Layer("b")), (life, _) => Has(life, Ask.Layer("b")))
        {
            LetGo = host => host.Kernel.Unmount(Elsewhere, detach: false),
        },
        ["view a layer"] = new(
            WithLayer, () => Ask.View("v", Ask.Layer("a")),
            (life, host) => life.State.Views.ContainsKey(Ask.View("v"))
                && host.IsLive(life.State.Find(Ask.Layer("a"))!.Id)),
        ["view the base"] = new(
            Nothing, () => Ask.View("v", null), (life, _) => life.State.Views.ContainsKey(Ask.View("v"))),
        ["remove a view"] = new(
            async (life, host) =>
            {
                await WithLayer(life, host);
                await life.Done(Ask.View("v", Ask.Layer("a")));
            },
            () => Ask.Remove(Ask.View("v")),
            (life, host) => life.State.Views.IsEmpty && !host.IsLive(life.State.Find(Ask.Layer("a"))!.Id)),
        ["change labels"] = new(
            (life, _) => life.Done(Ask.Create("web")), () => Ask.Label(Web, "a", "1"),
            (life, _) => life.State.Find(Web)!.Labels.GetValueOrDefault("a") == "1")
        {
            AsksTheKernel = false,
        },
        ["take one from the stock"] = new(
            async (life, host) =>
            {
                await WithLayer(life, host);
                await life.Done(Ask.CreateStock("s", Ask.Layer("a")));
            },
            () => Ask.Create("web", Ask.Layer("a"), DeviceUse.Active),
            (life, host) => Has(life, Web) && host.IsLive(life.State.Find(Web)!.Id)),
        ["commit a mounted one"] = new(
            WithMounted, () => Ask.CommitLive("web", Ask.Layer("b")),
            (life, host) => Has(life, Ask.Layer("b")) && host.IsMounted(Web)),
        ["remove a mounted one"] = new(
            WithMounted, () => Ask.Remove("web", force: true), (life, host) => !Has(life, Web) && !host.IsMounted(Web)),
        ["remove an image"] = new(
            async (life, host) =>
            {
                await WithLayer(life, host);
                await life.Done(Ask.Tag("app:1", Ask.Layer("a")));
            },
            () => Ask.Untag("app:1"), (life, _) => life.State.Images.IsEmpty && !Has(life, Ask.Layer("a"))),
        ["resize a mounted one"] = new(
            WithMounted, () => Ask.Resize("web", ByteSize.MiB(128)),
            (life, _) => life.State.Find(Web)!.Size == ByteSize.MiB(128)),
        ["grow the pool"] = new(
            Nothing, () => Ask.Grow(TestHost.Larger),
            (_, host) => host.Kernel.PoolStatus(TestHost.Pool).Value.Data.TotalBytes == ByteSize.GiB(2)),
        ["purge"] = new(
            async (life, host) =>
            {
                // As if the kernel had made it, and its answer had never come.
                life.Kernel.FailNext("CreateThin", Domain.Ports.KernelFault.TimedOut, afterEffect: true);
                await life.Refused(Ask.Create("web"));
            },
            () => Ask.Purge(new ThinId(1)), (_, host) => host.Thins.Count == 0),
    };

    private static bool Has(AgentLife life, DeviceKey key) => life.State.Find(key) is { Phase: DevicePhase.Ready };

    private static Task Nothing(AgentLife life, ActorHost host) => Task.CompletedTask;

    private static async Task WithLayer(AgentLife life, ActorHost host) => await ActorSpec.MakeLayer(life, "a");

    private static async Task WithMounted(AgentLife life, ActorHost host) =>
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
}
