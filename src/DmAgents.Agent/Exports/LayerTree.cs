using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Agent.Exports;

/// <summary>The tree of a layer, open for reading.</summary>
/// <param name="tree">Read-only.</param>
/// <param name="device">The layer's record.</param>
/// <param name="end">Releases the view by which the device is live.</param>
internal sealed class LayerTree(IFileTree tree, DeviceRecord device, Func<Task> end) : IAsyncDisposable
{
    public IFileTree Tree => tree;

    public DeviceRecord Device => device;

    public async ValueTask DisposeAsync()
    {
        tree.Dispose();
        await end().ConfigureAwait(false);
    }
}
