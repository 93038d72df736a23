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

/// <summary>Under which epoch the fleet gave this host each of its containers: a file, written whole. A container that
/// is made again by hand is another one, and has none until the fleet gives it one.</summary>
internal sealed class ContainerEpochs(IDurableFiles files, FleetPaths paths)
{
    private const int Version = 1;
    private readonly Lock _lock = new();
    private readonly HashSet<ContainerName> _expected = [];

    /// <summary>Expected since the last <see cref="Keep"/>: what that one was read from may not have them
    /// yet.</summary>
    private readonly HashSet<ContainerName> _recent = [];
    private ImmutableDictionary<ContainerName, Given>? _given;
    private TaskCompletionSource _changed = New();

    /// <summary>One device has the epoch, and no other of this name.</summary>
    private sealed record Given(PoolUuid Pool, ThinId Id, DateTimeOffset Made, ContainerEpoch Epoch);

    private string FilePath => paths.Directory + "/epochs.json";

    /// <summary>Done when another container has an epoch, or none is expected any more.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>The container is made under an epoch that is given to it next. Until the end of this it is not
    /// announced: without its epoch it would be one that was made by hand.</summary>
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

    /// <summary>The pool whose device has the name's epoch; null: none has.</summary>
    public PoolUuid? PoolOf(ContainerName name)
    {
        lock (_lock)
            return Known.GetValueOrDefault(name)?.Pool;
    }

    /// <summary>The container is the fleet's, under this epoch. On disk when it returns.</summary>
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

    /// <summary>Forgets the containers that these pools do not have. What a pool has that is not open is not known: it
    /// opens again with its containers, and one whose epoch is over must not become one that was made by
    /// hand.</summary>
    /// <param name="open">The pools that were read.</param>
    /// <param name="present">What they have.</param>
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
