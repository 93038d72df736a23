using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>A file with a loop device, and above it a mapped device whose reads and writes can be made to fail with
/// EIO.</summary>
internal sealed class FailingDisk : IDisposable
{
    private readonly AgentFixture _agent;
    private readonly LoopFile _file;
    private readonly MappedName _name;
    private readonly DevicePath _loop;
    private readonly ByteSize _size;

    public FailingDisk(AgentFixture agent, string name, ByteSize size)
    {
        (_agent, _size) = (agent, size);
        _file = new LoopFile($"{Places.State}/{name}.img");
        _name = new MappedName(name);
        agent.Kernel.CreateFile(_file, size).Must();
        _loop = agent.Kernel.AttachLoop(_file).Must();
        agent.Kernel.OpenLinear(Table).Must();
    }

    public string Path => _name.Path.Value;

    private LinearTable Table => new(
        _name, new MappedUuid($"TEST-{_name}"), [new LinearSegment(_loop, default, _size.Sectors)]);

    /// <summary>Each read, write and flush fails.</summary>
    public Task Fail() => Load("error");

    /// <summary>Each write and flush fails; reads give what is there.</summary>
    public Task FailWrites() => Load($"flakey {_loop} 0 0 3600 1 error_writes");

    /// <summary>It is what it was.</summary>
    public async Task Heal()
    {
        _agent.Kernel.ReloadLinear(Table).Must();
        await Resume();
    }

    /// <summary>Also under a pool that a test that failed has left: it hides nothing of that.</summary>
    public void Dispose()
    {
        if (!_agent.Kernel.Remove(_name, deferred: false).Succeeded)
            return;
        _agent.Kernel.DetachLoop(_file).Must();
        _agent.Kernel.DeleteFile(_file).Must();
    }

    private async Task Load(string target)
    {
        await Shell.Must("dmsetup", "load", _name.Value, "--table", $"0 {_size.Sectors} {target}");
        await Resume();
    }

    private Task<string> Resume() => Shell.Must("dmsetup", "resume", "--noflush", _name.Value);
}
