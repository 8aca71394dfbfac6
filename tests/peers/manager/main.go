// The operator's job without its analysis, on Go's controller-runtime: reads the text from the report's ConfigMap and writes a status that was
// prepared for it. STATUSES is the folder with the prepared statuses, CONCURRENCY how many reports are worked on at a time, NAMESPACE the one to
// watch (all where it is empty). With CACHE_CONFIG_MAPS=true ConfigMaps are read through the cache, which is what the client does by default;
// otherwise only their metadata is watched and they are read by name. Run by the benchmark of the cluster.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

var version = schema.GroupVersion{Group: "confreports.dev", Version: "v1alpha1"}

const byMap = "spec.source.configMapRef.name"

// ConferenceReport is what this program needs of one.
type ConferenceReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              struct {
		Source struct {
			ConfigMapRef struct {
				Name string `json:"name"`
			} `json:"configMapRef"`
		} `json:"source"`
	} `json:"spec"`
	Status struct {
		ObservedGeneration int64 `json:"observedGeneration"`
		Source             struct {
			Revision string `json:"revision"`
		} `json:"source"`
	} `json:"status"`
}

// DeepCopyObject copies it.
func (in *ConferenceReport) DeepCopyObject() runtime.Object {
	out := *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	return &out
}

// ConferenceReportList is a list of them.
type ConferenceReportList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ConferenceReport `json:"items"`
}

// DeepCopyObject copies it.
func (in *ConferenceReportList) DeepCopyObject() runtime.Object {
	out := *in
	in.ListMeta.DeepCopyInto(&out.ListMeta)
	out.Items = make([]ConferenceReport, len(in.Items))
	for i := range in.Items {
		out.Items[i] = *in.Items[i].DeepCopyObject().(*ConferenceReport)
	}
	return &out
}

type reconciler struct {
	client   client.Client
	statuses map[string]map[string]any
}

func (r *reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var report ConferenceReport
	if err := r.client.Get(ctx, request.NamespacedName, &report); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	var configMap corev1.ConfigMap
	name := types.NamespacedName{Namespace: report.Namespace, Name: report.Spec.Source.ConfigMapRef.Name}
	if err := r.client.Get(ctx, name, &configMap); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	for key, text := range configMap.Data {
		revision := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))
		if report.Status.Source.Revision == revision && report.Status.ObservedGeneration == report.Generation {
			return reconcile.Result{}, nil
		}
		status := map[string]any{"source": map[string]any{
			"kind": "ConfigMap", "revision": revision, "bytes": len(text),
			"configMap": map[string]any{"uid": configMap.UID, "resourceVersion": configMap.ResourceVersion},
		}}
		for field, value := range r.statuses[key] {
			status[field] = value
		}
		body, err := json.Marshal(map[string]any{
			"apiVersion": version.String(), "kind": "ConferenceReport",
			"metadata": map[string]any{"name": report.Name, "namespace": report.Namespace}, "status": status,
		})
		if err != nil {
			return reconcile.Result{}, err
		}
		patch := client.RawPatch(types.ApplyPatchType, body)
		return reconcile.Result{}, r.client.Status().Patch(ctx, &report, patch, client.FieldOwner("manager"), client.ForceOwnership)
	}
	return reconcile.Result{}, nil
}

// dependents are the reports that refer to a ConfigMap.
func (r *reconciler) dependents(ctx context.Context, configMap client.Object) []reconcile.Request {
	var reports ConferenceReportList
	if err := r.client.List(ctx, &reports, client.InNamespace(configMap.GetNamespace()), client.MatchingFields{byMap: configMap.GetName()}); err != nil {
		return nil
	}
	requests := make([]reconcile.Request, len(reports.Items))
	for i := range reports.Items {
		requests[i].NamespacedName = client.ObjectKeyFromObject(&reports.Items[i])
	}
	return requests
}

func load(folder string) (map[string]map[string]any, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.json"))
	statuses := map[string]map[string]any{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var status map[string]any
		if err := json.Unmarshal(text, &status); err != nil {
			return nil, err
		}
		statuses[strings.TrimSuffix(filepath.Base(path), ".json")] = status
	}
	return statuses, err
}

func run() error {
	ctrl.SetLogger(logr.Discard())
	concurrency, err := strconv.Atoi(os.Getenv("CONCURRENCY"))
	if err != nil {
		return err
	}
	statuses, err := load(os.Getenv("STATUSES"))
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return err
	}
	scheme.AddKnownTypes(version, &ConferenceReport{}, &ConferenceReportList{})
	metav1.AddToGroupVersion(scheme, version)

	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	// Without the limit that the client sets itself.
	config.QPS = -1
	options := ctrl.Options{Scheme: scheme, Cache: cache.Options{DefaultTransform: cache.TransformStripManagedFields()}}
	options.Metrics.BindAddress = "0"
	if namespace := os.Getenv("NAMESPACE"); namespace != "" {
		options.Cache.DefaultNamespaces = map[string]cache.Config{namespace: {}}
	}
	cached := os.Getenv("CACHE_CONFIG_MAPS") == "true"
	if !cached {
		options.Client.Cache = &client.CacheOptions{DisableFor: []client.Object{&corev1.ConfigMap{}}}
	}
	manager, err := ctrl.NewManager(config, options)
	if err != nil {
		return err
	}
	ctx := ctrl.SetupSignalHandler()
	index := func(object client.Object) []string { return []string{object.(*ConferenceReport).Spec.Source.ConfigMapRef.Name} }
	if err := manager.GetFieldIndexer().IndexField(ctx, &ConferenceReport{}, byMap, index); err != nil {
		return err
	}
	r := &reconciler{client: manager.GetClient(), statuses: statuses}
	enqueue := handler.EnqueueRequestsFromMapFunc(r.dependents)
	built := ctrl.NewControllerManagedBy(manager).
		For(&ConferenceReport{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency})
	if cached {
		built = built.Watches(&corev1.ConfigMap{}, enqueue)
	} else {
		built = built.WatchesMetadata(&corev1.ConfigMap{}, enqueue)
	}
	if err := built.Complete(r); err != nil {
		return err
	}
	return manager.Start(ctx)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
