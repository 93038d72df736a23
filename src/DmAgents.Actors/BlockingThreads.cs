using Akka.Configuration;
using Akka.Dispatch;

namespace DmAgents.Actors;

/// <summary>A bounded number of threads for blocking work, created on demand. One work item wakes one thread, the one
/// that went idle last, and no thread spins. Threads of Akka's own dedicated pool spin, which takes processor time from
/// the work itself on machines with few processors.</summary>
public sealed class BlockingThreads(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    private const string ThreadCount = "thread-count";

    public override ExecutorService Produce(string id) => new Executor(id, Config.GetInt(ThreadCount, 0));

    private sealed class Executor : ExecutorService
    {
        private readonly Lock _lock = new();
        private readonly Queue<IRunnable> _waiting = new();
        private readonly Stack<AutoResetEvent> _idle = new();
        private readonly int _limit;
        private int _started;
        private bool _isShut;

        public Executor(string id, int limit) : base(id)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit, ThreadCount);
            _limit = limit;
        }

        public override void Execute(IRunnable run)
        {
            AutoResetEvent? idle = null;
            lock (_lock)
            {
                if (_isShut)
                    throw new RejectedExecutionException($"{Id} is shut down");
                _waiting.Enqueue(run);
                if (!_idle.TryPop(out idle) && _started < _limit)
                    new Thread(Work) { IsBackground = true, Name = $"{Id}-{++_started}" }.Start();
            }
            idle?.Set();
        }

        /// <summary>Queued work is still done.</summary>
        public override void Shutdown()
        {
            lock (_lock)
            {
                _isShut = true;
                while (_idle.TryPop(out var idle))
                    idle.Set();
            }
        }

        private void Work()
        {
            using var wake = new AutoResetEvent(initialState: false);
            while (true)
            {
                IRunnable? run;
                lock (_lock)
                {
                    if (!_waiting.TryDequeue(out run))
                    {
                        if (_isShut)
                            return;
                        _idle.Push(wake);
                    }
                }
                if (run is null)
                    wake.WaitOne();
                else
                    run.Run();
            }
        }
    }
}
