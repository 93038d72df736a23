using Akka.Actor;
using Akka.Event;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;

namespace DmAgents.Actors.Fleet.Spread;

/// <summary>Carries out what the entities on this host request, in one life of the fleet's actor system.</summary>
internal sealed class FleetSpread : IDisposable
{
    private FleetSpread(EntityDriver<ImageState> images, EntityDriver<ContainerState> containers) =>
        (Images, Containers) = (images, containers);

    public EntityDriver<ImageState> Images { get; }

    public EntityDriver<ContainerState> Containers { get; }

    public static FleetSpread Start(
        ActorSystem system, IFleetEntities entities, SpreadSettings settings, TimeProvider time)
    {
        var mail = new ClusterMail(system);
        mail.Receive(settings.Take);
        var ledgers = new KnownLedgers(entities, time);
        var log = Logging.GetLogger(system, typeof(FleetSpread));
        var images = new ImageRound(entities, mail, ledgers, settings, time);
        var containers = new ContainerRound(entities, mail, ledgers, time);
        return new FleetSpread(
            new EntityDriver<ImageState>(images.RunAsync, ImageCare.IsNeeded, settings, time, log),
            new EntityDriver<ContainerState>(containers.RunAsync, ContainerCare.IsNeeded, settings, time, log));
    }

    public void Dispose()
    {
        Images.Dispose();
        Containers.Dispose();
    }
}
