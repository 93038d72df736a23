using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Fleet.Authority;

namespace DmAgents.Agent.Fleet.Inventory;

/// <summary>The epochs under which the fleet gave this host its containers: a file, written as a whole. A container
/// that an operator recreates is a different one, and has no epoch until the fleet gives it one.</summary>
internal sealed class ContainerEpochs(IDurableFiles files, FleetPaths paths)
{
    private const int Version = 1;
    private readonly Lock _lock = new();
    private readonly HashSet<ContainerName> _expected = [];

    /// <summary>Expected since the last <see cref="Keep"/>: its list of present containers may not include them
    /// yet.</summary>
    private readonly HashSet<ContainerName> _recent = [];
    private ImmutableDictionary<ContainerName, Given>? _given;
    private TaskCompletionSource _changed = New();

    /// <summary>The one device that has the epoch; no other device of this name has it.</summary>
    private sealed record Given(PoolUuid Pool, ThinId Id, DateTimeOffset Made, ContainerEpoch Epoch);

    private string FilePath => paths.Directory + "/epochs.json";

    /// <summary>Completes when another container has an epoch, or none is expected any more.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>Declares that a container is about to be created and given an epoch. It is not announced until this is
    /// disposed: without its epoch it would look like one that an operator created.</summary>
    public IDisposable Expect(ContainerName name)
    {
        lock (_lock)
            _expected.Add(name);
        return new Expected(this, name);
    }

    public bool IsExpected(ContainerName name)
    {
        lock (_lock)
            return _expected.Contains(name);
    }

    private sealed class Expected(ContainerEpochs epochs, ContainerName name) : IDisposable
    {
        public void Dispose()
        {
            lock (epochs._lock)
            {
                epochs._expected.Remove(name);
                epochs._recent.Add(name);
            }
            epochs.Notify();
        }
    }

    private void Notify() => Interlocked.Exchange(ref _changed, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ContainerEpoch EpochOf(PoolUuid pool, ContainerName name, DeviceRecord device)
    {
        lock (_lock)
        {
            return Known.GetValueOrDefault(name) is { } given && given.Pool == pool && given.Id == device.Id
                && given.Made == device.CreatedAt
                ? given.Epoch
                : ContainerEpoch.None;
        }
    }

    /// <summary>The pool whose device has the name's epoch; null if none has.</summary>
    public PoolUuid? PoolOf(ContainerName name)
    {
        lock (_lock)
            return Known.GetValueOrDefault(name)?.Pool;
    }

    /// <summary>Records that the container belongs to the fleet, under this epoch. Durable when it returns.</summary>
    public KernelResult Give(PoolUuid pool, ContainerName name, DeviceRecord device, ContainerEpoch epoch)
    {
        lock (_lock)
        {
            var given = Known.SetItem(name, new Given(pool, device.Id, device.CreatedAt, epoch));
            var written = Write(given);
            if (written.Succeeded)
                _given = given;
            Notify();
            return written;
        }
    }

    /// <summary>Forgets the containers that these pools do not have. The contents of a pool that is not open are
    /// unknown: it may open again with its containers. A container whose epoch is over must not look like one that an
    /// operator created.</summary>
    /// <param name="open">The pools that were read.</param>
    /// <param name="present">Their containers.</param>
    public void Keep(IReadOnlySet<PoolUuid> open, IReadOnlySet<ContainerName> present)
    {
        lock (_lock)
        {
            var kept = Known.RemoveRange(Known.Where(known => open.Contains(known.Value.Pool))
                .Select(known => known.Key).Where(name =>
                    !present.Contains(name) && !_expected.Contains(name) && !_recent.Contains(name)));
            _recent.Clear();
            if (kept.Count < Known.Count && Write(kept).Succeeded)
                _given = kept;
        }
    }

    public KernelResult Remove()
    {
        lock (_lock)
        {
            _given = null;
            return files.Delete(FilePath);
        }
    }

    private ImmutableDictionary<ContainerName, Given> Known => _given ??= Read();

    private KernelResult Write(ImmutableDictionary<ContainerName, Given> all)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteStartArray("containers");
            foreach (var (name, given) in all)
            {
                json.WriteStartObject();
                json.WriteString("name", name.Value);
                json.WriteString("pool", given.Pool.Value);
                json.WriteNumber("thin_id", given.Id.Value);
                json.WriteString("made", given.Made);
                json.WriteNumber("epoch", given.Epoch.Number);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return files.Replace(FilePath, buffer.WrittenSpan);
    }

    private ImmutableDictionary<ContainerName, Given> Read()
    {
        var none = ImmutableDictionary<ContainerName, Given>.Empty;
        var read = files.Read(FilePath);
        if (!read.Succeeded)
            return none;
        try
        {
            using var document = JsonDocument.Parse(read.Value);
            return document.RootElement.GetProperty("version").GetInt32() != Version
                ? none
                : none.AddRange(document.RootElement.GetProperty("containers").EnumerateArray().Select(one =>
                    KeyValuePair.Create(
                        new ContainerName(one.GetProperty("name").GetString()!),
                        new Given(
                            new PoolUuid(one.GetProperty("pool").GetGuid()),
                            new ThinId(one.GetProperty("thin_id").GetUInt32()),
                            one.GetProperty("made").GetDateTimeOffset(),
                            new ContainerEpoch(one.GetProperty("epoch").GetUInt64())))));
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException or ArgumentException)
        {
            return none;
        }
    }
}
