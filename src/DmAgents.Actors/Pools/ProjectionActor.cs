using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools;

namespace DmAgents.Actors.Pools;

/// <summary>Keeps metadata/ and mnt/ equal to the journal's state: one file and one directory per device. Runs behind
/// the pool and never delays it; many changes of one device become one write.</summary>
internal sealed class ProjectionActor(IKernel kernel, IDurableFiles files, PoolPaths paths) : UntypedActor, IWithTimers
{
    private const string Ending = ".json";

    /// <summary>The files are written after a pause without changes. Each write is two fsyncs on the disk that the
    /// journal's commits wait for: immediate writes would delay the next operation.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>After this many pauses they are written although changes continue: they are at most a second
    /// behind.</summary>
    private const int MostPauses = 10;

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<ThinId> _dirty = [];

    /// <summary>Every key under which a device may have a file or a directory. It includes keys not written here: a
    /// mount creates its directory itself, and an earlier agent may have written others. A device may be created,
    /// change its key and be removed within one pause.</summary>
    private readonly Dictionary<ThinId, HashSet<DeviceKey>> _keys = [];

    /// <summary>The device of each view: the event of a view's removal does not name it, and by then the state no
    /// longer has it.</summary>
    private readonly Dictionary<DeviceKey, ThinId> _shown = [];
    private readonly ContentProjection _content = new(files, paths);
    private PoolState _state = PoolState.Empty;
    private bool _isComplete;
    private bool _hasChangedInPause;
    private int _pauses;

    /// <summary>A write of this batch has failed.</summary>
    private bool _hasFailed;

    /// <summary>The log has that the files are behind, and no batch has succeeded since.</summary>
    private bool _isLogged;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(IKernel kernel, IDurableFiles files, PoolPaths paths) =>
        Akka.Actor.Props.Create(() => new ProjectionActor(kernel, files, paths))
            .WithDispatcher(ActorsConfig.FileDispatcher);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Rebuild rebuild:
                _state = rebuild.State;
                foreach (var view in _state.Views.Values)
                    _shown[view.Key] = view.Source;
                _isComplete = true;
                RemoveStrays();
                _content.Forget();
                // Includes devices that have come and gone: a mount may have created their directories.
                MarkDirty([.. _state.Devices.Keys, .. _keys.Keys]);
                break;
            case Happened happened:
                _state = happened.After;
                var changed = happened.Events.Select(DeviceOf).OfType<ThinId>().ToList();
                // A device may get a key and lose it between two states: only the events contain it.
                happened.Events.Select(PoolNoticeOf.KeyGivenBy).OfType<KeyValuePair<ThinId, DeviceKey>>().ToList()
                    .ForEach(given => NoteKey(given.Key, given.Value));
                // The comparison is not done before the opening ends; the rebuild then writes everything.
                MarkDirty(_isComplete ? changed : []);
                break;
            case PauseOver when _hasChangedInPause && _pauses < MostPauses:
                BeginPause();
                break;
            case PauseOver:
                WriteDirty();
                break;
            case Finish:
                WriteDirty();
                Sender.Tell(Finished.Instance);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void NoteKey(ThinId id, DeviceKey key)
    {
        if (!_keys.TryGetValue(id, out var keys))
            _keys[id] = keys = [];
        keys.Add(key);
    }

    private void MarkDirty(IEnumerable<ThinId> ids)
    {
        foreach (var id in ids)
        {
            _dirty.Add(id);
            if (_state.Devices.GetValueOrDefault(id) is { } device)
                NoteKey(id, device.Key);
        }
        if (_dirty.Count == 0 && !(_isComplete && _content.IsBehind(_state)))
            return;
        _hasChangedInPause = true;
        // One timer for all changes of a pause: arming a timer wakes a thread of the runtime.
        if (_pauses == 0)
            BeginPause();
    }

    private void BeginPause()
    {
        _pauses++;
        _hasChangedInPause = false;
        Timers.StartSingleTimer(PauseOver.Instance, PauseOver.Instance, Pause);
    }

    private void WriteDirty()
    {
        Timers.CancelAll();
        _pauses = 0;
        foreach (var id in _dirty)
        {
            var device = _state.Devices.GetValueOrDefault(id);
            _keys.Remove(id, out var keys);
            foreach (var before in keys ?? [])
            {
                if (before != device?.Key)
                    Remove(before);
            }
            if (device is null)
                continue;
            Write(device);
            _keys[id] = [device.Key];
        }
        _dirty.Clear();
        if (_isComplete && _content.Write(_state).Error is { } error)
            Warn(error);
        _isLogged = _hasFailed;
        _hasFailed = false;
    }

    private void Write(DeviceRecord device)
    {
        // A device that is being removed has released its key. Another device may own the key and the file by now.
        if (_state.Find(device.Key) is { } owner && owner.Id != device.Id)
            return;
        // After a restart nearly all files are right: reading them costs no flush, unlike writing them again.
        var (file, content) = (FileOf(device.Key), ProjectionDocument.Of(device, _state));
        if (files.Read(file) is not { Succeeded: true } present || !present.Value.AsSpan().SequenceEqual(content))
            Warn(files.Replace(file, content));
        if (device.IsPresent && device.Kind != DeviceKind.Base)
            Warn(kernel.EnsureDirectory(paths.MountOf(device.Key)));
    }

    private void Remove(DeviceKey key)
    {
        // Another device may own the key by now; then it owns file and directory too.
        if (_state.Find(key) is not null)
            return;
        Warn(files.Delete(FileOf(key)));
        Warn(kernel.RemoveDirectory(paths.MountOf(key)).Or(KernelFault.Busy));
    }

    private void RemoveStrays()
    {
        var names = files.List(paths.MetadataDirectory);
        var wanted = _state.Devices.Values.Select(d => PoolPaths.NameOf(d.Key)).ToHashSet();
        foreach (var name in names.Succeeded ? names.Value : [])
        {
            if (!name.EndsWith(Ending, StringComparison.Ordinal) || !wanted.Contains(name[..^Ending.Length]))
                Warn(files.Delete($"{paths.MetadataDirectory}/{name}"));
        }
        var directories = files.List(paths.MountDirectory);
        foreach (var name in directories.Succeeded ? directories.Value : [])
        {
            if (!wanted.Contains(name))
                Warn(kernel.RemoveDirectory(new MountPath($"{paths.MountDirectory}/{name}")).Or(KernelFault.Busy));
        }
    }

    /// <summary>The device whose file an event changes. A layer is live from its first view to its last.</summary>
    private ThinId? DeviceOf(PoolEvent happened)
    {
        if (happened is PoolEvents.ViewAdded added)
            _shown[added.Key] = added.Source;
        return happened is not PoolEvents.ViewRemoved removed ? PoolNoticeOf.DeviceOf(happened, _state)
            : _shown.Remove(removed.Key, out var source) ? source
            : null;
    }

    private string FileOf(DeviceKey key) => $"{paths.MetadataDirectory}/{PoolPaths.NameOf(key)}{Ending}";

    private void Warn(KernelResult result)
    {
        if (result.Error is not { } error)
            return;
        if (!_isLogged)
            _log.Write(PoolActorLog.FilesBehind(paths.Pool, error));
        (_hasFailed, _isLogged) = (true, true);
    }

    /// <summary>The whole state: write all of it, and remove files that it does not have.</summary>
    internal sealed record Rebuild(PoolState State) : ILocalMessage;

    /// <summary>The events since the previous message, and the state after them.</summary>
    internal sealed record Happened(ImmutableArray<PoolEvent> Events, PoolState After) : ILocalMessage;

    /// <summary>Write pending changes at once; the reply is <see cref="Finished"/>.</summary>
    internal sealed record Finish : ILocalMessage
    {
        public static Finish Instance { get; } = new();
    }

    internal sealed record Finished : ILocalMessage
    {
        public static Finished Instance { get; } = new();
    }

    private sealed record PauseOver : ILocalMessage
    {
        public static PauseOver Instance { get; } = new();
    }
}
