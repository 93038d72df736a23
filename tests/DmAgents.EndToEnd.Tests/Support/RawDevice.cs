using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>An idle container's device, live under a name of the test's own and unmounted: for a look at its file
/// system as the snapshot left it.</summary>
internal sealed class RawDevice : IAsyncDisposable
{
    private readonly LinuxKernel _kernel;
    private readonly MappedName _name;

    private RawDevice(LinuxKernel kernel, MappedName name) => (_kernel, _name) = (kernel, name);

    public DevicePath Path => _name.Path;

    public static RawDevice Activate(LinuxKernel kernel, Container container)
    {
        Assert.Equal(DeviceState.Idle, container.State);
        var name = new MappedName($"e2e-{container.Name}");
        kernel.ActivateThin(new ThinTable(
            name, new MappedUuid($"E2E-{container.Name}"), DeviceNames.Pool(new PoolName(container.Pool)),
            new ThinId(container.ThinId), new ByteSize(container.SizeBytes).Sectors, ReadOnly: false)).Must();
        return new RawDevice(kernel, name);
    }

    /// <summary>A checker of the file system, told to change nothing, finds nothing.</summary>
    public async Task MustBeSound(string program, params string[] arguments) =>
        await Shell.Must(program, [.. arguments, _name.Path.Value]);

    public ValueTask DisposeAsync()
    {
        _kernel.Remove(_name, deferred: false).Must();
        return ValueTask.CompletedTask;
    }
}
