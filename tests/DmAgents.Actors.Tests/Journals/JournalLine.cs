using System.Collections.Immutable;
using DmAgents.Testing.Faults;

namespace DmAgents.Actors.Tests.Journals;

/// <summary>What becomes of a write.</summary>
internal enum WriteFate
{
    Durable,

    /// <summary>The journal fails: nobody knows whether it is durable. It is not.</summary>
    Failed,

    /// <summary>The journal fails after the write: it is durable all the same.</summary>
    FailedAfterwards,

    /// <summary>The journal does not take these events, and goes on.</summary>
    Rejected,
}

/// <summary>One agent's way to the <see cref="JournalStore"/>, under the test's hand.</summary>
internal sealed class JournalLine(JournalStore store)
{
    private readonly object _gate = new();
    private readonly Queue<WriteFate> _fates = [];
    private readonly List<ImmutableArray<JournalRow>> _writes = [];
    private TaskCompletionSource _open = Opened();
    private bool _isCut;

    public JournalStore Store => store;

    /// <summary>Commits so far, and the rows that each held.</summary>
    public ImmutableArray<ImmutableArray<JournalRow>> Writes
    {
        get
        {
            lock (_gate)
                return [.. _writes];
        }
    }

    /// <summary>Writes that have come and wait for <see cref="Release"/>.</summary>
    public int Held { get; private set; }

    /// <summary>Runs before (false) and after (true) each commit: a place to die.</summary>
    public Action<bool>? AroundCommit { get; set; }

    /// <summary>Writes wait until <see cref="Release"/>.</summary>
    public void Hold()
    {
        lock (_gate)
            _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Release()
    {
        lock (_gate)
            _open.TrySetResult();
    }

    /// <summary>Decides about the next write; called again, about the one after it.</summary>
    public void Next(WriteFate fate)
    {
        lock (_gate)
            _fates.Enqueue(fate);
    }

    /// <summary>The agent is dead: nothing that it still tries is durable.</summary>
    public void Cut()
    {
        lock (_gate)
            _isCut = true;
        Release();
    }

    /// <summary>What is done to the store besides writes.</summary>
    public void Alter(Action change)
    {
        lock (_gate)
        {
            if (_isCut)
                throw new IOException("the agent is dead");
            change();
        }
    }

    public async Task<WriteFate> Write(ImmutableArray<(string PersistenceId, JournalRow Row)> rows)
    {
        Task open;
        lock (_gate)
        {
            open = _open.Task;
            Held += open.IsCompleted ? 0 : 1;
        }
        await open.ConfigureAwait(false);
        await Task.Delay(Shake.Next()).ConfigureAwait(false);
        AroundCommit?.Invoke(false);
        var fate = Commit(rows);
        AroundCommit?.Invoke(true);
        return fate;
    }

    private WriteFate Commit(ImmutableArray<(string PersistenceId, JournalRow Row)> rows)
    {
        lock (_gate)
        {
            if (_isCut)
                throw new AgentDiedException();
            var fate = _fates.TryDequeue(out var planned) ? planned : WriteFate.Durable;
            if (fate is WriteFate.Failed or WriteFate.Rejected)
                return fate;
            store.Append(rows);
            _writes.Add([.. rows.Select(row => row.Row)]);
            return fate;
        }
    }

    private static TaskCompletionSource Opened()
    {
        var opened = new TaskCompletionSource();
        opened.SetResult();
        return opened;
    }
}
