using CsCheck;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Simulation;

/// <summary>Random histories of a small pool against a pool that copies everything.</summary>
public sealed class SimulationProperties
{
    private const ulong VirtualBlocks = 8;
    private const uint Ids = 5;

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Enum<StepKind>(), Gen.UInt[1, Ids], Gen.UInt[1, Ids], Gen.ULong[0, VirtualBlocks - 1], Gen.Byte[1, 255],
        (kind, id, other, block, fill) => new Step(kind, id, other, block, fill));

    public enum StepKind
    {
        Create,
        Snapshot,
        Delete,
        Write,
        WriteMore,
        WriteUnflushed,
        WriteUnflushedMore,
        Discard,
        Status,
        Reopen,
        PowerCut,
    }

    [Fact]
    public void Content_and_counts_are_those_of_a_pool_that_copies_everything() =>
        Steps.Array[0, 60].Sample(
            steps =>
            {
                using var run = new SimulationRun(dataMebibytes: 64);
                foreach (var step in steps)
                    run.Do(step);
                run.MustAgree();
            },
            iter: 300);

    [Fact]
    public void A_pool_that_runs_full_refuses_only_when_nothing_is_free_and_loses_nothing() =>
        Steps.Array[0, 80].Sample(
            steps =>
            {
                using var run = new SimulationRun(dataMebibytes: 1);
                foreach (var step in steps)
                    run.Do(step);
                run.MustAgree();
            },
            iter: 300);

    [Fact]
    public void A_power_cut_that_keeps_some_unflushed_pages_damages_nothing_that_was_flushed() =>
        Gen.Select(Steps.Array[0, 60], Gen.Int).Sample(
            (steps, seed) =>
            {
                using var run = new SimulationRun(dataMebibytes: 1);
                foreach (var step in steps)
                    run.Do(step);
                run.CutPowerKeepingSomePages(seed);
            },
            iter: 300);

    public sealed record Step(StepKind Kind, uint Id, uint Other, ulong Block, byte Fill);

    /// <summary>Both pools, and the same steps to both.</summary>
    private sealed class SimulationRun : IDisposable
    {
        private readonly SimulatedKernelFixture _fixture = new();
        private readonly ContractScope _scope;
        private readonly ContractPool _pool;
        private readonly NaivePool _naive = new();
        private readonly HashSet<uint> _active = [];

        public SimulationRun(ulong dataMebibytes)
        {
            _scope = new ContractScope(_fixture);
            _pool = _scope.OpenPool(dataMebibytes);
        }

        private SimulatedKernel Kernel => _fixture.Simulation;

        public void Do(Step step)
        {
            switch (step.Kind)
            {
                case StepKind.Create:
                    Create(step.Id);
                    break;
                case StepKind.Snapshot:
                    Snapshot(step.Id, step.Other);
                    break;
                case StepKind.Delete:
                    Delete(step.Id);
                    break;
                case StepKind.Write or StepKind.WriteMore:
                    Write(step, flush: true);
                    break;
                case StepKind.WriteUnflushed or StepKind.WriteUnflushedMore:
                    Write(step, flush: false);
                    break;
                case StepKind.Discard:
                    Discard(step);
                    break;
                case StepKind.Status:
                    Assert.Equal(_pool.Status.Data.Total, _pool.Status.Data.Used + _pool.Status.Data.Free);
                    _naive.Flush();
                    break;
                case StepKind.Reopen:
                    Reopen();
                    break;
                case StepKind.PowerCut:
                    Kernel.PowerCut();
                    _naive.PowerCut();
                    OpenAgain();
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(step));
            }
            Assert.Empty(Kernel.CheckInvariants());
        }

        public void MustAgree()
        {
            Assert.Equal(_naive.Ids, Kernel.ListThins(_pool.Name).Must().Select(thin => thin.Id.Value));
            foreach (var id in _naive.Ids)
            {
                Activate(id);
                Assert.Equal((ulong)_naive.Mapped(id), _pool.MappedBlocks(id));
                for (var block = 0UL; block < VirtualBlocks; block++)
                    _pool.MustHold(id, block, _naive.Read(id, block));
            }
        }

        public void CutPowerKeepingSomePages(int seed)
        {
            Kernel.PowerCut(seed);
            _naive.PowerCut();
            OpenAgain();
            Assert.Equal(_naive.Ids, Kernel.ListThins(_pool.Name).Must().Select(thin => thin.Id.Value));
            foreach (var id in _naive.Ids)
            {
                Activate(id);
                for (var block = 0UL; block < VirtualBlocks; block++)
                {
                    var possible = _naive.Possible(id, block);
                    Assert.All(_pool.Read(id, block).Distinct(), value => Assert.Contains(value, possible));
                }
            }
            Assert.Empty(Kernel.CheckInvariants());
        }

        public void Dispose() => _scope.Dispose();

        private void Create(uint id)
        {
            if (_naive.Has(id))
            {
                Kernel.CreateThin(_pool.Name, ContractPool.Id(id)).MustBeRefused(KernelFault.Exists);
            }
            else
            {
                _pool.Create(id);
                _naive.Create(id);
            }
            _naive.Flush();
        }

        private void Snapshot(uint id, uint origin)
        {
            var result = Kernel.CreateSnapshot(_pool.Name, ContractPool.Id(id), ContractPool.Id(origin));
            if (_naive.Has(id))
            {
                result.MustBeRefused(KernelFault.Exists);
            }
            else if (!_naive.Has(origin))
            {
                result.MustBeRefused(KernelFault.NotFound);
            }
            else
            {
                result.Must();
                _naive.Snapshot(id, origin);
            }
            _naive.Flush();
        }

        private void Delete(uint id)
        {
            var result = Kernel.DeleteThin(_pool.Name, ContractPool.Id(id));
            if (_active.Remove(id))
            {
                result.MustBeRefused(KernelFault.Busy);
                _pool.Deactivate(id);
                result = Kernel.DeleteThin(_pool.Name, ContractPool.Id(id));
            }
            if (_naive.Has(id))
            {
                result.Must();
                _naive.Delete(id);
            }
            else
            {
                result.MustBeRefused(KernelFault.NotFound);
            }
            _naive.Flush();
        }

        private void Write(Step step, bool flush)
        {
            if (!_naive.Has(step.Id))
                return;
            Activate(step.Id);
            var path = _pool.Thin(step.Id).Name.Path;
            var commits = Kernel.MetadataCommits(_pool.Name);
            var at = ContractPool.At(step.Block);
            var bytes = ContractPool.Block(step.Fill);
            var result = flush ? Kernel.Write(path, at, bytes) : Kernel.WriteUnflushed(path, at, bytes);
            if (Kernel.MetadataCommits(_pool.Name) > commits)
                _naive.Flush(); // The pool looked for free blocks by a commit, before it wrote.
            if (result.Succeeded)
            {
                _naive.Write(step.Id, step.Block, step.Fill);
            }
            else
            {
                result.MustBeRefused(KernelFault.NoSpace);
                Assert.Equal(0ul, _pool.Status.Data.Free);
            }
            if (flush || !result.Succeeded)
                _naive.Flush();
        }

        private void Discard(Step step)
        {
            if (!_naive.Has(step.Id))
                return;
            Activate(step.Id);
            Kernel.Discard(_pool.Thin(step.Id).Name.Path, ContractPool.At(step.Block), ContractPool.BlockSize).Must();
            _naive.Discard(step.Id, step.Block);
        }

        private void Reopen()
        {
            foreach (var id in _active)
                _pool.Deactivate(id);
            Kernel.ClosePool(_pool.Name).Must();
            _naive.Flush();
            Kernel.OpenPool(_pool.Table).Must();
            _active.Clear();
        }

        private void Activate(uint id)
        {
            if (_active.Add(id))
                _pool.Activate(id);
        }

        private void OpenAgain()
        {
            _active.Clear();
            _scope.ReopenSlices();
            Kernel.OpenPool(_pool.Table).Must();
        }
    }
}
